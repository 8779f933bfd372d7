"""Mode calico-vxlan."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from underlay.model.cluster import Cluster

from .calico import Calico
from .overlay import Overlay, vxlan


class CalicoVxlan(Calico):
    """VXLAN overlay over any IP network, with Calico's network policies.

    The mode that works nearly everywhere: hosts need to reach one another on one UDP port, there is no BGP, and every
    cloud passes it. Costs 50 bytes per packet (70 with IPv6). `cross_subnet` bypasses the overlay between nodes of one
    subnet, which on AWS needs the source/destination check off.
    """

    data_path = "VXLAN between nodes"

    cross_subnet: bool = Field(False, description="plain routes between nodes of one subnet, the overlay elsewhere")
    port: int = Field(4789, gt=0, lt=2**16, description="UDP port of the overlay")
    vni: int = Field(4096, gt=0, lt=2**24, description="VXLAN network identifier")

    @property
    def overlay(self) -> Overlay:
        return vxlan(cross_subnet=self.cross_subnet, port=self.port, vni=self.vni)

    def felix(self, cluster: Cluster) -> dict[str, Any]:
        return {"vxlanPort": self.port, "vxlanVNI": self.vni}
