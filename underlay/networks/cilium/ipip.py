"""Mode cilium-ipip."""

from __future__ import annotations

from dataclasses import dataclass, replace

from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.model.traits import Traits

from .host_tunnels import TUNNEL, HostTunnels, OverTunnels
from .paths import Path


@dataclass(frozen=True)
class _EveryNode(OverTunnels):
    direct: bool = False

    def wanted(self, cluster: Cluster, node: Node) -> dict[str, str]:
        return {str(n.address): TUNNEL for n in cluster.nodes if n != node}


class CiliumIpip(HostTunnels):
    """Cilium over IP in IP: plain routing, through tunnels laid on the hosts.

    Cilium has no such overlay in any version, and a chart asked for one comes up as VXLAN. What can be had is this:
    Cilium routes plainly, every host has an IPIP tunnel to all others, and the routes to their pods lead through it.
    Costs 20 bytes a packet, and encrypts nothing. Tunnels and routes come from `routes = "static"`, and follow nodes at
    each deploy; clouds have to let IP protocol 4 pass, and Azure does not.
    """

    data_path = "IP in IP between nodes"

    @property
    def traits(self) -> Traits:
        warning = "no mode of Cilium's own: the tunnels are this project's, and nobody upstream tests them"
        return replace(super().traits, warning=warning)

    def path(self, cluster: Cluster) -> Path:
        return _EveryNode(self.native_subnets(cluster))
