"""The kernel's own type information, by which one eBPF program fits every kernel."""

from __future__ import annotations

from dataclasses import dataclass

from .resource import Host, Resource

BTF = "/sys/kernel/btf/vmlinux"
_LACKS = f"this kernel has no type information ({BTF}); boot one built with CONFIG_DEBUG_INFO_BTF"


@dataclass(frozen=True)
class Btf(Resource):
    """There or not: it is part of the kernel."""

    kind = "kernel types"

    @property
    def name(self) -> str:
        return "BTF"

    def observe(self) -> str:
        return f"[ -s {BTF} ] && echo present || echo missing"

    def difference(self, observed: str) -> str | None:
        return None if observed == "present" else f"{observed or 'unknown'} -> present"

    def impossible(self, observed: str) -> str | None:
        return _LACKS if observed == "missing" else None

    def apply(self) -> str:
        return f"[ -s {BTF} ] || {{ echo '{_LACKS}' >&2; exit 1; }}"

    def check(self, host: Host) -> str | None:
        # The first two bytes of every BTF blob, in either byte order (linux/btf.h).
        magic = host.run(f"od -An -tx1 -N2 {BTF}").stdout.split()
        return None if magic in (["9f", "eb"], ["eb", "9f"]) else _LACKS
