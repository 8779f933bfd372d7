"""Mode cilium-vxlan."""

from __future__ import annotations

from underlay.model.cluster import Cluster

from .cilium import Cilium
from .data_path import DataPath, Tunnel


class CiliumVxlan(Cilium):
    """Cilium over VXLAN: its default, over any IP network.

    The mode to start with: hosts need to reach one another on one UDP port, and the network between them needs no pod
    routes. Costs 50 bytes per packet (70 where nodes have IPv6 addresses). Every feature of Cilium is a setting.
    """

    data_path = "VXLAN between nodes"

    def path(self, cluster: Cluster) -> DataPath:
        return Tunnel("vxlan", self.tunnel_port)
