"""The decisions of a Calico mode, for the modules that turn them into objects, resources and checks."""

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

# Felix's default; with eBPF it forwards NodePorts to other nodes in VXLAN, in every mode.
NODE_PORTS_VXLAN = 4789
# The default of BGPConfiguration.asNumber.
MESH_AS = 64512


class CalicoMode(CalicoSettings):
    """What a mode decides, each with the default of most modes. Imports none of the modules that use it."""

    @property
    def overlay(self) -> Overlay | None:
        """What carries packets between nodes; None for plain IP."""
        return None

    def host_local(self, cluster: Cluster) -> bool:
        """Whether pods have addresses of their node's podCIDR, since another component provides the routes."""
        return False

    def gives_from_node_subnet(self, cluster: Cluster) -> bool:
        return self.host_local(cluster)

    def speaks_bgp(self, cluster: Cluster) -> bool:
        """Whether calico-node runs BIRD. Felix installs the routes of VXLAN, BIRD all others."""
        return not self.host_local(cluster) and (self.overlay is None or self.overlay.encapsulation != "VXLAN")

    def felix(self, cluster: Cluster) -> dict[str, Any]:
        """The mode's part of the FelixConfiguration's spec."""
        return {}

    def own_problems(self, cluster: Cluster) -> Iterator[str]:
        """Problems of this mode, in addition to those of every mode."""
        yield from ()

    def before(self, cluster: Cluster) -> tuple[Object, ...]:
        """Objects that have to exist when calico-node starts."""
        return ()

    def bgp_spec(self, cluster: Cluster) -> dict[str, Any]:
        """The mode's part of the BGPConfiguration's spec."""
        return {}

    def peers(self, cluster: Cluster) -> tuple[Object, ...]:
        """Objects that define BIRD's peers, other than a mesh of all nodes."""
        return ()

    def own_checks(self, cluster: Cluster) -> list[Check]:
        """Checks of this mode, in addition to those of every mode."""
        return []

    def shared_prefixes(self, cluster: Cluster) -> frozenset[str]:
        """What every node announces beside its own blocks."""
        return frozenset()

    def next_hops(self, cluster: Cluster, node: Node, version: int) -> frozenset[str]:
        """Gateways of a node's pod routes outside the overlay."""
        return addresses((n for n in cluster.nodes if n != node), version)

    def neighbours(self, cluster: Cluster, node: Node, version: int) -> dict[str, int]:
        """Address -> AS number of each neighbor of a node's BIRD; a mesh of all nodes unless the mode overrides it."""
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
        """Ports between nodes."""
        return (
            *((self.overlay.port,) if self.overlay else ()),
            *((Port("udp", NODE_PORTS_VXLAN, "Calico NodePorts"),) if self.ebpf and not self.overlay else ()),
            *((Port("tcp", 179, "Calico BGP"),) if self.speaks_bgp(cluster) else ()),
            *(wireguard_link.ports(cluster) if self.encrypts else ()),
            Port("tcp", 5473, "Calico Typha"),
        )

    def felix_spec(self, cluster: Cluster) -> dict[str, Any]:
        """The spec of the FelixConfiguration "default", without the values of the inventory."""
        return {**self.felix(cluster), **(wireguard_link.felix(cluster) if self.encrypts else {})}

    def pools(self, cluster: Cluster) -> tuple[IPv4Network | IPv6Network, ...]:
        """The address ranges of pods whose namespace has none of its own."""
        return default_pools(self, cluster)

    def tunnelled(self, one: Node, other: Node) -> bool:
        """Whether packets between two nodes go through the overlay."""
        return self.overlay is not None and not (self.overlay.cross_subnet and one.rack == other.rack)


def addresses(nodes: Iterable[Node], version: int = 4) -> frozenset[str]:
    """The nodes' addresses of one family."""
    return frozenset(addresses_of(nodes, version))
