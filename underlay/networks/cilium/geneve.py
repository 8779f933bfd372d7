"""Mode cilium-geneve."""

from __future__ import annotations

from underlay.model.cluster import Cluster

from .cilium import Cilium
from .paths import Path, Tunnel


class CiliumGeneve(Cilium):
    """Cilium over Geneve, an overlay whose header has room for more.

    Costs and reaches what VXLAN does. Choose it where the underlay's equipment treats Geneve better, or for direct
    server return, whose address Geneve's options carry.
    """

    data_path = "Geneve between nodes"

    def path(self, cluster: Cluster) -> Path:
        return Tunnel("geneve", self.tunnel_port)
