"""A node: one host as a member of the cluster."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address


class Role(StrEnum):
    CONTROL_PLANE = "control-plane"
    WORKER = "worker"


@dataclass(frozen=True)
class Node:
    """`address` carries the node's traffic; nodes of one `rack` are one L2 segment, as far as the inventory says.

    `address_v6` is the second address of a node of a dual-stack cluster.
    """

    name: str
    address: IPv4Address | IPv6Address
    role: Role
    rack: str
    address_v6: IPv6Address | None = None

    @property
    def addresses(self) -> tuple[IPv4Address | IPv6Address, ...]:
        """All its addresses, the one that carries the node's traffic first."""
        return (self.address, self.address_v6) if self.address_v6 else (self.address,)

    @property
    def is_control_plane(self) -> bool:
        return self.role is Role.CONTROL_PLANE


def addresses_of(nodes: Iterable[Node], version: int) -> tuple[str, ...]:
    """The nodes' addresses of one IP version."""
    return tuple(str(a) for n in nodes for a in n.addresses if a.version == version)
