"""What the modes of Calico decide, for the parts that turn it into objects, resources and checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from underlay.model.addon import Object
from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.node import Node, addresses_of
from underlay.model.packet_header import Header
from underlay.model.prerequisites import Port

from . import wireguard_link
from .egress_pools import default_pools
from .overlay import Overlay, outermost
from .settings import CalicoSettings

# Felix's own default; with eBPF it takes NodePorts to other nodes in VXLAN, whatever the mode.
NODE_PORTS_VXLAN = 4789
# BGPConfiguration.asNumber where nobody states one.
MESH_AS = 64512


class CalicoMode(CalicoSettings):
    """The decisions of a mode, each with the default of most modes; they import nothing that asks for them."""

    @property
    def overlay(self) -> Overlay | None:
        """What carries packets between nodes; None for plain IP."""
        return None

    def host_local(self, cluster: Cluster) -> bool:
        """Whether pods have addresses of their node's podCIDR, as somebody else than Calico tells the routes."""
        return False

    def speaks_bgp(self, cluster: Cluster) -> bool:
        """Whether calico-node runs BIRD. Felix tells the routes of VXLAN, BIRD those of the rest."""
        return not self.host_local(cluster) and (self.overlay is None or self.overlay.encapsulation != "VXLAN")

    def felix(self, cluster: Cluster) -> dict[str, Any]:
        """What the mode wants of Felix, as a FelixConfiguration's spec."""
        return {}

    def own_problems(self, cluster: Cluster) -> Iterator[str]:
        """What cannot work in this mode, beside what cannot in any."""
        yield from ()

    def before(self, cluster: Cluster) -> tuple[Object, ...]:
        """Objects that calico-node has to find when it starts."""
        return ()

    def bgp_spec(self, cluster: Cluster) -> dict[str, Any]:
        """What the mode wants of BIRD, as a BGPConfiguration's spec."""
        return {}

    def peers(self, cluster: Cluster) -> tuple[Object, ...]:
        """Whom BIRD peers with, beside a mesh of all nodes."""
        return ()

    def own_checks(self, cluster: Cluster) -> list[Check]:
        """What shows this mode, beside what every mode shows."""
        return []

    def next_hops(self, cluster: Cluster, node: Node, version: int) -> frozenset[str]:
        """Gateways that plain pod routes of a node may lead through."""
        return addresses((n for n in cluster.nodes if n != node), version)

    def neighbours(self, cluster: Cluster, node: Node, version: int) -> dict[str, int]:
        """Address -> AS of everybody whom a node's BIRD has a session with: a mesh, unless the mode says otherwise."""
        return dict.fromkeys(self.next_hops(cluster, node, version), MESH_AS)

    def headers(self, cluster: Cluster) -> tuple[Header, ...]:
        return self._headers(max(cluster.families))

    def _headers(self, version: int) -> tuple[Header, ...]:
        if self.encrypts:
            return (outermost(version), *wireguard_link.headers(version))
        return (outermost(version), *self.overlay.headers) if self.overlay else ()

    def overhead(self, cluster: Cluster) -> int:
        node_ports = (50 if max(cluster.families) == 4 else 70) if self.ebpf else 0
        return max(node_ports, *(sum(h.size for h in self._headers(v)) for v in cluster.families))

    def ports(self, cluster: Cluster) -> tuple[Port, ...]:
        return (
            *((self.overlay.port,) if self.overlay else ()),
            *((Port("udp", NODE_PORTS_VXLAN, "Calico NodePorts"),) if self.ebpf and not self.overlay else ()),
            *((Port("tcp", 179, "Calico BGP"),) if self.speaks_bgp(cluster) else ()),
            *(wireguard_link.ports(cluster) if self.encrypts else ()),
            Port("tcp", 5473, "Calico Typha"),
        )

    def felix_spec(self, cluster: Cluster) -> dict[str, Any]:
        """The whole of the FelixConfiguration "default", without what a site adds."""
        return {**self.felix(cluster), **(wireguard_link.felix(cluster) if self.encrypts else {})}

    def pools(self, cluster: Cluster) -> tuple[IPv4Network | IPv6Network, ...]:
        """The subnets that every pod may have its address of."""
        return default_pools(self, cluster)

    def tunnelled(self, one: Node, other: Node) -> bool:
        """Whether packets between two nodes go through the overlay."""
        return self.overlay is not None and not (self.overlay.cross_subnet and one.rack == other.rack)


def addresses(nodes: Iterable[Node], version: int = 4) -> frozenset[str]:
    """The nodes' addresses of one family."""
    return frozenset(addresses_of(nodes, version))
