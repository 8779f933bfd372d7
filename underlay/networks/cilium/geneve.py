"""Mode cilium-geneve."""

from __future__ import annotations

from underlay.model.cluster import Cluster

from .cilium import Cilium
from .data_path import DataPath, Tunnel


class CiliumGeneve(Cilium):
    """Cilium over Geneve, an overlay whose header has options.

    The same overhead and reach as VXLAN. Choose it where the network equipment handles Geneve better, or for direct
    server return, whose address is in Geneve's options.
    """

    data_path = "Geneve between nodes"

    def path(self, cluster: Cluster) -> DataPath:
        return Tunnel("geneve", self.tunnel_port)
