"""Mode calico-ipip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pydantic import Field

from underlay.model.cluster import Cluster
from underlay.model.traits import Traits

from .calico import Calico
from .overlay import Overlay, ipip
from .problems import mesh_problems


class CalicoIpip(Calico):
    """IPIP overlay, with routes from a full mesh of BGP sessions.

    The smallest overlay, 20 bytes per packet, where the network passes IP protocol 4: Azure never does, GCE and AWS
    need a firewall rule. IPv4 only, not with eBPF. Up to 100 nodes, each with a session to every other.
    """

    data_path = "IPIP between nodes"

    cross_subnet: bool = Field(False, description="plain routes between nodes of one subnet, the overlay elsewhere")

    @property
    def overlay(self) -> Overlay:
        return ipip(cross_subnet=self.cross_subnet)

    @property
    def traits(self) -> Traits:
        return replace(super().traits, families=(4,))

    def own_problems(self, cluster: Cluster) -> Iterator[str]:
        yield from mesh_problems(self, cluster)
        if 6 in cluster.families:
            yield (
                "network.mode: calico-ipip carries IPv4 only, since the operator rejects IPIP for IPv6 pools; "
                "use calico-vxlan, or remove the IPv6 subnets"
            )
