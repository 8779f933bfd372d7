"""Every expected BGP session, once: both sides' configuration and both sides' checks are made from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from itertools import combinations

from underlay.model.bgp import Bgp, Router
from underlay.model.cluster import Cluster
from underlay.model.node import Node


@dataclass(frozen=True)
class End:
    """One side of a session. The deploy configures `managed` ends; one that `reflects` has the other as its client."""

    host: str
    address: IPv4Address | IPv6Address
    as_number: int
    rack: str
    is_node: bool
    managed: bool = True
    reflects: bool = False


@dataclass(frozen=True)
class Session:
    """Two ends that peer with one another."""

    one: End
    other: End

    @property
    def external(self) -> bool:
        return self.one.as_number != self.other.as_number

    def end_of(self, host: str) -> tuple[End, End] | None:
        """The host's own end and the far one; None when it is not the host's session."""
        if self.one.host == host:
            return self.one, self.other
        return (self.other, self.one) if self.other.host == host else None


def sessions(cluster: Cluster) -> tuple[Session, ...]:
    """All sessions of a cluster whose routes are announced by FRR on its hosts.

    Nodes peer with the routers of their rack, and managed routers with one another. Without any router, nodes peer
    with the reflectors if there are some, and with all other nodes otherwise.
    """
    bgp = cluster.bgp
    if bgp is None:
        return ()
    return (*_with_routers(cluster, bgp), *_between_routers(bgp), *_between_nodes(cluster, bgp))


def of_host(cluster: Cluster, host: str) -> list[tuple[End, End]]:
    """A host's own end and the far end of each of its sessions."""
    return [ends for session in sessions(cluster) if (ends := session.end_of(host))]


def _with_routers(cluster: Cluster, bgp: Bgp) -> Iterator[Session]:
    for node in cluster.nodes:
        for router in bgp.routers_of(node.rack):
            yield Session(_node(bgp, node), _router(router, router.address))


def _between_routers(bgp: Bgp) -> Iterator[Session]:
    fabric = [r for r in bgp.routers if r.managed and r.fabric]
    for one, other in combinations(fabric, 2):
        assert one.fabric is not None
        assert other.fabric is not None
        yield Session(_router(one, one.fabric), _router(other, other.fabric))


def _between_nodes(cluster: Cluster, bgp: Bgp) -> Iterator[Session]:
    if bgp.routers:
        return
    for one, other in combinations(cluster.nodes, 2):
        reflects = {n.name in bgp.reflectors for n in (one, other)}
        if bgp.reflectors and reflects == {False}:
            continue
        ends = [_node(bgp, n, reflects=n.name in bgp.reflectors and reflects == {True, False}) for n in (one, other)]
        yield Session(ends[0], ends[1])


def _node(bgp: Bgp, node: Node, *, reflects: bool = False) -> End:
    return End(node.name, node.address, bgp.as_number(node), node.rack, is_node=True, reflects=reflects)


def _router(router: Router, address: IPv4Address | IPv6Address) -> End:
    return End(router.name, address, router.as_number, router.rack, is_node=False, managed=router.managed)
