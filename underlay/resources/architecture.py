"""The processor architecture that binaries are built for."""

from __future__ import annotations

from dataclasses import dataclass

from .resource import Host, Resource


@dataclass(frozen=True)
class Architecture(Resource):
    """One of `machines`, as `uname -m` prints them; `needed_by` names what runs on no other."""

    machines: tuple[str, ...]
    needed_by: str

    kind = "architecture"

    @property
    def name(self) -> str:
        return "/".join(self.machines)

    def observe(self) -> str:
        return "uname -m"

    def difference(self, observed: str) -> str | None:
        return None if observed in self.machines else f"{observed or 'unknown'} -> {self.name}"

    def impossible(self, observed: str) -> str | None:
        return (
            f"is {observed}, and {self.needed_by} runs on {self.name} only"
            if observed and self.difference(observed)
            else None
        )

    def apply(self) -> str:
        return f"echo 'this host is not {self.name}' >&2; exit 1"

    def check(self, host: Host) -> str | None:
        # The machine of the ELF header of the shell: 62 is x86-64, 183 is AArch64 (linux/elf-em.h).
        number = host.run("od -An -tu2 -j18 -N2 /bin/sh").stdout.strip()
        observed = {"62": "x86_64", "183": "aarch64"}.get(number, f"ELF machine {number or 'unknown'}")
        return None if observed in self.machines else f"architecture: {observed}, expected {self.name}"
