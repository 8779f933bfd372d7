"""Mode calico-wireguard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from underlay.model.cluster import Cluster

from .vxlan import CalicoVxlan


class CalicoWireguard(CalicoVxlan):
    """All traffic between pods of different nodes encrypted by WireGuard, over calico-vxlan.

    Works over any IP network. Costs 60 bytes per packet (80 with IPv6). Traffic between pods of one node is in the
    clear, and so is traffic of a node without WireGuard, which Calico does not report: the checks do. Calico generates
    the keys. All other modes have the setting `encryption` too.
    """

    data_path = "WireGuard between nodes"

    encryption: Literal["none", "wireguard"] = Field("wireguard", description="always wireguard in this mode")

    def own_problems(self, cluster: Cluster) -> Iterator[str]:
        yield from super().own_problems(cluster)
        if not self.encrypts:
            yield 'network.encryption: has to be on in calico-wireguard (it is "none"); remove it, or use calico-vxlan'
