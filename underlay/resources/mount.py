"""A kernel file system that is mounted, now and after every boot."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote

from underlay.templates import render

from .file import place, written
from .resource import Host, Resource

# systemd as PID 1 of a machine mounts these itself (src/shared/mount-setup.c), ignores them in fstab, and refuses
# mount units for them.
BY_SYSTEMD = ("/sys/fs/bpf",)


@dataclass(frozen=True)
class Mount(Resource):
    """`type` of file system at `path`; `options` as mount(8) takes them, for the first mount."""

    path: str
    type: str
    options: str = "nosuid,nodev,noexec"

    kind = "mount"
    restorable = True
    # A service mounts it at boot, not a mount unit: see BY_SYSTEMD.
    prelude = f"""\
u_mount() {{
  u_need findmnt || return
  have=$(findmnt -n -o FSTYPE --mountpoint "$1" | tail -n 1)
  if systemctl is-enabled -q "$2"; then kept=yes
  else kept=no; case " {" ".join(BY_SYSTEMD)} " in *" $1 "*) systemd-detect-virt -q -c || kept=yes;; esac; fi
  echo "${{have:-absent}} kept=$kept"
}}"""

    @property
    def name(self) -> str:
        return self.path

    @property
    def unit(self) -> str:
        return f"underlay-mount{self.path.replace('/', '-')}.service"

    @property
    def _unit_path(self) -> str:
        return f"/etc/systemd/system/{self.unit}"

    def observe(self) -> str:
        return f"u_mount {quote(self.path)} {self.unit}"

    def difference(self, observed: str) -> str | None:
        have, _, kept = observed.partition(" kept=")
        if have != self.type:
            return f"{have or 'unknown'} -> {self.type}"
        return None if kept == "yes" else "until the next boot -> at every boot"

    def apply(self) -> str:
        path = quote(self.path)
        unit = place(written(self._unit_text()), self._unit_path, mode="644")
        return f"""\
mkdir -p {path}
case "$(u_mount {path} {self.unit})" in "{self.type} "*) ;; *) {self._mount()};; esac
case "$(u_mount {path} {self.unit})" in *kept=yes) ;; *)
{unit}
systemctl daemon-reload; systemctl -q enable {self.unit};; esac"""

    def _mount(self) -> str:
        return f"mount -t {self.type} -o {self.options} {self.type} {quote(self.path)}"

    def _unit_text(self) -> str:
        return render("units/mount.service", path=self.path, command=self._mount())

    def remove(self) -> str:
        # The mount itself stays: who else uses it is unknown, and it costs nothing.
        return f"""\
if [ -e {self._unit_path} ]; then
  systemctl -q disable {self.unit}; rm -f {self._unit_path}; systemctl daemon-reload
fi"""

    @classmethod
    def restore(cls, name: str, prior: str, *, kept: str) -> str:
        # Busy where a program of somebody else's uses it by now.
        gone = f"umount {quote(name)} 2>/dev/null || true" if prior.startswith("absent") else ""
        return f"{cls(name, '').remove()}\n{gone}"

    def check(self, host: Host) -> str | None:
        observed = host.run("stat -f -c %%T %s", self.path).stdout.strip()
        return None if observed.startswith(self.type) else f"{self.path}: {observed or 'absent'}, expected {self.type}"
