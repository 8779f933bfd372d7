"""A live kernel setting; `persisted` makes the file that restores it at boot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from shlex import quote
from typing import Protocol, Self

from .file import File
from .resource import Host, Resource

# Late in the order of sysctl.d, after systemd's 50-default.conf and distributions' 99-sysctl.conf.
PERSISTED = "/etc/sysctl.d/99-z-underlay.conf"
# Early, for what a site may set higher.
PERSISTED_EARLY = "/etc/sysctl.d/10-underlay.conf"


@dataclass(frozen=True)
class Sysctl(Resource):
    """`key` in dotted form; `value` as the kernel prints it, fields separated by one space.

    With `where_present` a kernel without the setting is as declared.
    """

    key: str
    value: str
    where_present: bool = False

    kind = "sysctl"
    restorable = True
    # cat and grep, not read: dash reads a byte at a time, and the kernel answers the first read of a sysctl only.
    prelude = """\
u_values=
u_all_sysctls() { u_values="$u_nl$(cd /proc/sys && grep -Hs '' -- "$@")$u_nl"; }
u_sysctl() {
  if u_line "$u_values" "$1:" || u_found=$(cat "/proc/sys/$1"); then echo $u_found; else echo absent; fi
}"""

    @classmethod
    def gather(cls, resources: Sequence[Self]) -> str:
        return f"u_all_sysctls {' '.join(quote(s.path) for s in resources)}"

    @property
    def name(self) -> str:
        return self.key

    @property
    def path(self) -> str:
        """The key's path below /proc/sys: dots are separators, slashes (VLAN links) stand for dots."""
        return self.key.translate(str.maketrans("./", "/."))

    @property
    def line(self) -> str:
        """The line of the file; with a leading dash systemd-sysctl ignores a setting that does not exist."""
        return f"{'-' if self.where_present else ''}{self.key} = {self.value}"

    def observe(self) -> str:
        return f"u_sysctl {quote(self.path)}"

    def difference(self, observed: str) -> str | None:
        if self.where_present and observed == "absent":
            return None
        return None if observed == self.value else f"{observed or 'unreadable'} -> {self.value}"

    def apply(self) -> str:
        path = quote(f"/proc/sys/{self.path}")
        absent = f"echo {quote(f'the kernel has no {self.key}; is its module loaded?')} >&2; exit 1"
        return f"[ -e {path} ] || {{ {'exit 0' if self.where_present else absent}; }}\necho {quote(self.value)} >{path}"

    @classmethod
    def restore(cls, name: str, prior: str, *, kept: str) -> str:
        path = quote(f"/proc/sys/{cls(name, prior).path}")
        return "" if prior in ("", "absent") else f"[ ! -e {path} ] || echo {quote(prior)} >{path}"

    def check(self, host: Host) -> str | None:
        found = host.run("sysctl -n %s", self.key)
        value = " ".join(found.stdout.split())
        if self.where_present and not value:
            return None
        return (
            None
            if found.rc == 0 and value == self.value
            else f"{self.key}: {value or 'unreadable'}, expected {self.value}"
        )


class Persisted(Protocol):
    """A setting with a line in the file."""

    @property
    def line(self) -> str: ...


def persisted(settings: Iterable[Persisted], path: str = PERSISTED) -> File:
    """The file that restores these settings at boot."""
    lines = [s.line for s in settings]
    return File(path, "\n".join(["# Written by Underlay; changes are overwritten.", *lines, ""]))
