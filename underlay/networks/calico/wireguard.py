"""Mode calico-wireguard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from underlay.model.cluster import Cluster

from .vxlan import CalicoVxlan


class CalicoWireguard(CalicoVxlan):
    """All traffic between pods of different nodes encrypted by WireGuard, with calico-vxlan beneath.

    Works over any IP network. Costs 60 bytes a packet (80 with IPv6). Pods of one node talk in the clear, and so does
    a node without WireGuard, which Calico says nowhere: the checks do. Its keys are Calico's own; there are none to
    state. Any other mode encrypts as well, by `encryption`.
    """

    data_path = "WireGuard between nodes"

    encryption: Literal["none", "wireguard"] = Field("wireguard", description="what this mode is named for")

    def own_problems(self, cluster: Cluster) -> Iterator[str]:
        yield from super().own_problems(cluster)
        if not self.encrypts:
            yield 'network.encryption: calico-wireguard encrypts; use calico-vxlan without, or leave "none" out'
