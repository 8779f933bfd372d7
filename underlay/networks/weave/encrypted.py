"""Mode weave-encrypted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from underlay.model.cluster import Cluster
from underlay.model.traits import Traits

from .fast_datapath import WeaveFastDatapath


class WeaveEncrypted(WeaveFastDatapath):
    """Weave's fast datapath with a password: IPsec around VXLAN; legacy.

    Choose it only where Weave is already in use and the network between hosts is not trusted. All nodes share one
    password. ESP (IP protocol 50) has to pass between nodes: clouds need a firewall rule for it, and NAT breaks it. No
    other IPsec may run on the hosts. Otherwise like weave-fast-datapath.
    """

    data_path = "VXLAN between nodes by Open vSwitch, inside IPsec"

    @classmethod
    def example(cls) -> dict[str, Any]:
        return super().example() | {"password": "an example, not a password"}

    @property
    def traits(self) -> Traits:
        return replace(super().traits, encryption=self.encryption)

    def problems(self, cluster: Cluster) -> list[str]:
        missing = "network.password: is missing; generate one with `openssl rand -hex 16`, or use weave-fast-datapath"
        return [*super().problems(cluster), *([] if self.password else [missing])]
