"""Which packets have to pass between which hosts, by the same list that opens firewalls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count

from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.model.prerequisites import Port
from underlay.networks.network import Network
from underlay.plan.required_ports import ANYONE, CONTROL_PLANE, ROUTER_PORTS, SERVICES, traffic_to
from underlay.resources.firewall import protocol

# A range of more ports is sampled: its ends, in turn.
_ALL_OF_RANGE = 4
# kubeadm has them listen on loopback.
_LOCAL = frozenset(p.number for p in CONTROL_PLANE)


@dataclass(frozen=True, order=True)
class Lane:
    """One protocol and port: tcp, udp or an IP protocol's number. A deploy is refused when a `needed` one is shut."""

    protocol: str
    port: int
    purpose: str
    needed: bool = True

    @property
    def title(self) -> str:
        """`udp 8472 (flannel VXLAN)`."""
        what = {"4": "IP protocol 4", "50": "IP protocol 50"}.get(self.protocol, self.protocol)
        return f"{what} {self.port} ({self.purpose})" if self.port else f"{what} ({self.purpose})"


@dataclass(frozen=True)
class Flow:
    """A lane from one host to another, by name."""

    lane: Lane
    source: str
    target: str


def second_family(cluster: Cluster) -> Cluster | None:
    """The cluster as its nodes' second addresses see it; None where not all have one."""
    if any(node.address_v6 is None for node in cluster.nodes):
        return None
    nodes = tuple(replace(n, address=n.address_v6, address_v6=None) for n in cluster.nodes if n.address_v6)
    return replace(cluster, nodes=nodes)


def flows(cluster: Cluster, network: Network, *, second: bool = False) -> Iterator[Flow]:
    """Every flow between two nodes that the mode and Kubernetes need, between the nodes' first addresses.

    BGP and BFD are left out: not every node peers with every other.

    :param second: the cluster is that of `second_family`: only pods' packets and those to Services travel there.
    """
    turn = count()
    own = network.prerequisites(cluster).ports if network.follows_family(cluster) else ()
    address = {node.name: str(node.address) for node in cluster.nodes}
    for target in cluster.nodes:
        for sources, port in traffic_to(cluster, network, target, target.address.version):
            if port.protocol == "icmp" or (port.protocol == "tcp" and port.number in _LOCAL):
                continue
            if port.number in ROUTER_PORTS or (second and port not in (*own, *SERVICES)):
                continue
            for source in cluster.nodes:
                if source == target or not (sources == ANYONE or address[source.name] in sources):
                    continue
                for number in _numbers(port, next(turn)):
                    yield Flow(_lane(port, number, target), source.name, target.name)


def _lane(port: Port, number: int, node: Node) -> Lane:
    return Lane(protocol(port.protocol, node.address.version), number, port.purpose, needed=not _is_service(port))


def _is_service(port: Port) -> bool:
    """Ports of Services, which the cluster itself does not need."""
    return port.anyone and port.number != 6443 and port.number >= 10000


def _numbers(port: Port, turn: int) -> tuple[int, ...]:
    last = port.last or port.number
    if last - port.number < _ALL_OF_RANGE:
        return tuple(range(port.number, last + 1))
    return ((port.number, last)[turn % 2],)
