"""Mode cilium-hybrid."""

from __future__ import annotations

from dataclasses import dataclass, replace

from underlay.model.capture import pods_in_the_clear
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.model.traits import Traits

from .data_path import DataPath
from .host_tunnels import TUNNEL, HostTunnels, OverTunnels


@dataclass(frozen=True)
class _TunnelsBetweenRacks(OverTunnels):
    skips: bool = True

    def gateways(self, cluster: Cluster, node: Node) -> dict[str, str]:
        return {str(n.address): "" if n.rack == node.rack else TUNNEL for n in cluster.nodes if n != node}

    def shows(self, cluster: Cluster, one: Node, other: Node) -> str:
        return pods_in_the_clear(cluster) if one.rack == other.rack else super().shows(cluster, one, other)


class CiliumHybrid(HostTunnels):
    """Direct routes within a rack, tunnels between racks.

    Cilium's own `routingMode: hybrid` does not work: its agent refuses it (1.20.2 knows tunnel and native only).
    Instead, Cilium installs direct routes to the nodes of its segment and skips those behind a router, and Underlay
    creates IPIP tunnels on the hosts to these. As fast as direct routing within a rack, and the routers need no pod
    routes. The pod MTU allows for the tunnel, 20 bytes less.
    """

    data_path = "plain IP within a rack, IP in IP between racks"

    @property
    def traits(self) -> Traits:
        warning = "not a mode of Cilium: Underlay creates the tunnels, and Cilium does not test them"
        return replace(super().traits, warning=warning)

    def path(self, cluster: Cluster) -> DataPath:
        return _TunnelsBetweenRacks(self.native_subnets(cluster))

    def routed_peers(self, cluster: Cluster, node: Node) -> tuple[Node, ...]:
        return tuple(n for n in cluster.nodes if n.rack != node.rack)
