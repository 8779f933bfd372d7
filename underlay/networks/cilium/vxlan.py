"""Mode cilium-vxlan."""

from __future__ import annotations

from underlay.model.cluster import Cluster

from .cilium import Cilium
from .paths import Path, Tunnel


class CiliumVxlan(Cilium):
    """Cilium over VXLAN: its own default, over any IP network.

    The one to start with: hosts need to reach one another by UDP on one port, and nothing between them knows of pods.
    Costs 50 bytes a packet (70 where nodes have IPv6 addresses). Every feature of Cilium is a setting of it.
    """

    data_path = "VXLAN between nodes"

    def path(self, cluster: Cluster) -> Path:
        return Tunnel("vxlan", self.tunnel_port)
