"""Mode cilium-ipip."""

from __future__ import annotations

from dataclasses import dataclass, replace

from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.model.traits import Traits

from .data_path import DataPath
from .host_tunnels import TUNNEL, HostTunnels, OverTunnels


@dataclass(frozen=True)
class _EveryNode(OverTunnels):
    direct: bool = False

    def gateways(self, cluster: Cluster, node: Node) -> dict[str, str]:
        return {str(n.address): TUNNEL for n in cluster.nodes if n != node}


class CiliumIpip(HostTunnels):
    """Cilium over IP in IP: native routing through tunnels on the hosts.

    No version of Cilium has this overlay, and a chart configured for it starts with VXLAN. Instead, Cilium uses native
    routing, every host has an IPIP tunnel to all others, and the routes to their pods lead through it. Costs 20 bytes
    per packet; no encryption. Tunnels and routes come from `routes = "static"`, and each deploy updates them; clouds
    need a firewall rule for IP protocol 4, and Azure never passes it.
    """

    data_path = "IP in IP between nodes"

    @property
    def traits(self) -> Traits:
        warning = "not a mode of Cilium: Underlay creates the tunnels, and Cilium does not test them"
        return replace(super().traits, warning=warning)

    def path(self, cluster: Cluster) -> DataPath:
        return _EveryNode(self.native_subnets(cluster))
