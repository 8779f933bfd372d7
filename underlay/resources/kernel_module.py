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
    prelude = """\
u_release=$(uname -r)
u_module() {
  if [ -d "/sys/module/$1" ]; then echo loaded
  elif grep -q "/$1\\.ko" "/lib/modules/$u_release/modules.builtin"; then echo built-in
  elif ! u_need modprobe; then return 1
  elif modprobe -n -q "$1"; then echo loadable
  else echo missing; fi
}"""

    @property
    def name(self) -> str:
        return self.module

    def observe(self) -> str:
        return f"u_module {quote(self.module)}"

    def difference(self, observed: str) -> str | None:
        return None if observed in ("loaded", "built-in") else f"{observed or 'unknown'} -> loaded"

    def impossible(self, observed: str) -> str | None:
        return _missing(self.module, "this kernel") if observed == "missing" else None

    def apply(self) -> str:
        missing = _missing(self.module, "this kernel ($(uname -r))")
        return f'modprobe {quote(self.module)} 2>/dev/null || {{ echo "{missing}" >&2; exit 1; }}'

    def check(self, host: Host) -> str | None:
        found = host.run("modprobe -n --first-time %s", self.module)
        already = "already in kernel" in found.stderr or "builtin" in found.stdout + found.stderr
        return None if already else f"kernel module {self.module}: not in the running kernel"


def _missing(module: str, kernel: str) -> str:
    return (
        f"{kernel} has no module {module}; install the package with the rest of its modules "
        "(Ubuntu: linux-modules-extra of its release; Debian: linux-image-amd64, not a cloud kernel) or another kernel"
    )


def persisted(modules: Iterable[KernelModule]) -> File:
    """The file that loads the same modules at boot."""
    lines = [m.module for m in modules]
    return File(PERSISTED, "\n".join(["# Written by Underlay; changes are overwritten.", *lines, ""]))
