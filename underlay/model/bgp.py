"""Who peers with whom: the facts that both sides of every session are configured from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address

from .node import Node


@dataclass(frozen=True)
class Router:
    """A BGP peer of the nodes of a rack, as a rule its top of rack. `managed` ones are hosts we configure; `fabric` is
    such a one's address towards the routers of other racks."""

    name: str
    address: IPv4Address | IPv6Address
    as_number: int
    rack: str
    managed: bool = False
    fabric: IPv4Address | IPv6Address | None = None


@dataclass(frozen=True)
class Bgp:
    """`as_numbers` are the nodes' own, by rack; `reflectors` names of nodes (none: full mesh, or routers alone);
    `password` is secret; timers in seconds, but `bfd_interval` in milliseconds."""

    as_numbers: Mapping[str, int] = field(default_factory=dict)
    routers: tuple[Router, ...] = ()
    reflectors: tuple[str, ...] = ()
    cluster_id: str = "224.0.0.1"
    password: str | None = field(default=None, repr=False)
    hold_time: int = 9
    keepalive: int = 3
    bfd: bool = False
    bfd_interval: int = 300
    ttl_security: bool = False
    max_prefixes: int = 1000

    def as_number(self, node: Node) -> int:
        return self.as_numbers[node.rack]

    def routers_of(self, rack: str) -> tuple[Router, ...]:
        return tuple(r for r in self.routers if r.rack == rack)

    @property
    def single_as(self) -> bool:
        """Whether all nodes share one AS (iBGP among them)."""
        return len(set(self.as_numbers.values())) == 1
