"""The processor that what is installed was made for."""

from __future__ import annotations

from dataclasses import dataclass

from .resource import Host, Resource


@dataclass(frozen=True)
class Architecture(Resource):
    """One of `machines`, as `uname -m` calls them: a host has it or is another host. `needed_by` is who cannot do
    with any other."""

    machines: tuple[str, ...]
    needed_by: str

    kind = "architecture"

    @property
    def name(self) -> str:
        return "/".join(self.machines)

    def observe(self) -> str:
        return "uname -m"

    def difference(self, seen: str) -> str | None:
        return None if seen in self.machines else f"{seen or 'unknown'} -> {self.name}"

    def impossible(self, seen: str) -> str | None:
        return f"is {seen}, and {self.needed_by} runs on {self.name} only" if self.difference(seen) and seen else None

    def apply(self) -> str:
        return f"echo 'this host is no {self.name}' >&2; exit 1"

    def check(self, host: Host) -> str | None:
        # The machine of the ELF header of the shell: 62 is x86-64, 183 is AArch64 (linux/elf-em.h).
        number = host.run("od -An -tu2 -j18 -N2 /bin/sh").stdout.strip()
        seen = {"62": "x86_64", "183": "aarch64"}.get(number, f"ELF machine {number or 'unknown'}")
        return None if seen in self.machines else f"the host is {seen}, not {self.name}"
