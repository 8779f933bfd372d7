"""A kernel module: built in, or loaded now and at every boot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from shlex import quote

from .file import File
from .resource import Host, Resource

PERSISTED = "/etc/modules-load.d/underlay.conf"


@dataclass(frozen=True)
class KernelModule(Resource):
    """`module` with underscores, as the kernel spells it."""

    module: str

    kind = "kernel module"
    restorable = True
    prelude = """\
u_release=$(uname -r)
u_listed() { # MODULE: where the kernel's command line has it among those that are not loaded
  u_cmdline=
  read -r u_cmdline </proc/cmdline
  for u_word in $u_cmdline; do
    case $u_word in module_blacklist=* | modprobe.blacklist=*) ;; *) continue ;; esac
    case ",$(printf %s "${u_word#*=}" | tr - _)," in *",$1,"*) printf %s "${u_word%%=*}"; return 0 ;; esac
  done
  return 1
}
u_module() {
  if [ -d "/sys/module/$1" ]; then echo loaded
  elif grep -q "/$1\\.ko" "/lib/modules/$u_release/modules.builtin"; then echo built-in
  elif u_by=$(u_listed "$1"); then echo "forbidden by $u_by"
  elif ! u_need modprobe; then return 1
  elif u_dry=$(modprobe -n -v -q "$1"); then
    if [ "$(cat /proc/sys/kernel/modules_disabled)" = 1 ]; then echo "forbidden by kernel.modules_disabled"
    # With `install NAME /bin/false` modprobe runs that, and with -n it succeeds.
    elif printf '%s\\n' "$u_dry" | grep -qE '^install +([^ ]*/)?(false|true|:)( |$)'; then
      echo "forbidden by $(u_forbidding "$1")"
    else echo loadable; fi
  else echo missing; fi
}
u_forbidding() {
  for u_name in "$1" $(modinfo -F depends "$1" | tr , ' '); do
    u_name=$(printf %s "$u_name" | sed 's/[-_]/[-_]/g')
    u_file=$(grep -rlsE "^[[:space:]]*install[[:space:]]+$u_name[[:space:]]" /etc/modprobe.d /run/modprobe.d \\
      /usr/local/lib/modprobe.d /usr/lib/modprobe.d /lib/modprobe.d | head -n 1)
    [ -z "$u_file" ] || { printf %s "$u_file"; return; }
  done
  printf %s /etc/modprobe.d
}"""

    @property
    def name(self) -> str:
        return self.module

    def observe(self) -> str:
        return f"u_module {quote(self.module)}"

    def difference(self, observed: str) -> str | None:
        return None if observed in ("loaded", "built-in") else f"{observed or 'unknown'} -> loaded"

    def impossible(self, observed: str) -> str | None:
        if observed.startswith("forbidden by "):
            return _forbidden(self.module, observed.removeprefix("forbidden by "))
        return _missing(self.module, "this kernel") if observed == "missing" else None

    def apply(self) -> str:
        name, missing = quote(self.module), _missing(self.module, "this kernel ($(uname -r))")
        return f"""\
u_said=$(modprobe {name} 2>&1) || {{
  if modprobe -n -q {name}; then echo "modprobe {self.module}: ${{u_said:-it failed}}"; else echo "{missing}"; fi >&2
  exit 1
}}
[ -d /sys/module/{name} ] || {{
  u_ran=$(modprobe -n -v {name} | sed -n 's/^install /runs /p' | head -n 1)
  u_ran="modprobe {self.module} loads nothing${{u_ran:+, it $u_ran}}"
  echo "$u_ran; look for \\`install {self.module}\\` in /etc/modprobe.d" >&2
  exit 1
}}"""

    @classmethod
    def restore(cls, name: str, prior: str, *, kept: str) -> str:
        # What others use by now stays.
        return f"modprobe -q -r {quote(name)} 2>/dev/null || true"

    def check(self, host: Host) -> str | None:
        found = host.run("modprobe -n --first-time %s", self.module)
        already = "already in kernel" in found.stderr or "builtin" in found.stdout + found.stderr
        return None if already else f"kernel module {self.module}: not in the running kernel"


def _forbidden(module: str, by: str) -> str:
    if by.startswith("/"):
        return (
            f"modprobe is told not to load the module {module}, or one that it needs ({by}); "
            f"remove the line `install … /bin/false` there"
        )
    if by.endswith("blacklist"):
        return (
            f"the kernel's command line keeps the module {module} from being loaded ({by}=…); take it out of {by} in "
            "the boot loader's configuration, and reboot"
        )
    return f"this kernel loads no more modules ({by} = 1), and {module} is not loaded; boot with {by} = 0"


def _missing(module: str, kernel: str) -> str:
    return (
        f"{kernel} has no module {module}; install the package with the rest of its modules "
        "(Ubuntu: linux-modules-extra of its release; Debian: linux-image-amd64, not a cloud kernel) or another kernel"
    )


def persisted(modules: Iterable[KernelModule]) -> File:
    """The file that loads the same modules at boot."""
    lines = [m.module for m in modules]
    return File(PERSISTED, "\n".join(["# Written by Underlay; changes are overwritten.", *lines, ""]))
