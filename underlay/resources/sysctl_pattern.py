"""A setting of every link whose name matches a pattern, present and future ones."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote

from .resource import NO_COMMAND, Host, Resource


@dataclass(frozen=True)
class SysctlPattern(Resource):
    """`key` in dotted form, in which * stands for the rest of a link's name: `net.ipv4.conf.lxc*.rp_filter`.

    Since version 245 systemd applies its own rp_filter to every new link (50-default.conf, through udev). A pattern in
    a later file takes precedence; an exact key cannot name a link that does not exist yet.
    """

    key: str
    value: str

    kind = "sysctl"
    prelude = """\
u_sysctls() {
  n=0; d=0
  set +f; for f in /proc/sys/$1; do
    [ -e "$f" ] || continue
    n=$((n+1)); [ "$(cat "$f")" = "$2" ] || d=$((d+1))
  done; set -f
  echo "$d of $n differ"
}"""

    @property
    def name(self) -> str:
        return self.key

    @property
    def path(self) -> str:
        return self.key.replace(".", "/")

    @property
    def line(self) -> str:
        return f"-{self.key} = {self.value}"

    def observe(self) -> str:
        return f"u_sysctls {quote(self.path)} {quote(self.value)}"

    def difference(self, observed: str) -> str | None:
        return None if observed.startswith("0 of ") else f"{observed or 'unreadable'} -> {self.value}"

    def apply(self) -> str:
        # A link may disappear while this runs.
        return f"""\
for f in /proc/sys/{self.path}; do [ ! -e "$f" ] || echo {quote(self.value)} >"$f" || [ ! -e "$f" ]; done"""

    def check(self, host: Host) -> str | None:
        pattern = self.key.replace(".", "[.]").replace("*", "[^.]*")
        found = host.run("sysctl -a --pattern %s", f"^{pattern}$")
        if found.rc == NO_COMMAND:
            return f"{self.key}: could not be asked ({found.stderr.strip()})"
        wrong = [line for line in found.stdout.splitlines() if line.partition("=")[2].strip() != self.value]
        return f"{wrong[0].replace(' = ', ': ')}, expected {self.value}" if wrong else None
