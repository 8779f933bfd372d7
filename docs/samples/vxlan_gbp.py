"""Mode flannel-vxlan-gbp."""

from __future__ import annotations

import json
from typing import Any

from underlay.model.check import Check
from underlay.model.cluster import Cluster

from .vxlan import FlannelVxlan


class FlannelVxlanGbp(FlannelVxlan):
    """VXLAN whose packets carry a mark of their sender's: the Group Based Policy extension.

    For hosts whose packet filters tell pods apart by marks, across nodes. Otherwise as flannel-vxlan, bytes included;
    nothing but Linux reads the mark.
    """

    data_path = "VXLAN between nodes, with marks"

    def backend(self, cluster: Cluster) -> dict[str, Any]:
        return super().backend(cluster) | {"GBP": True}

    def checks(self, cluster: Cluster) -> list[Check]:
        command = f"ip -json -details link show {self.links(cluster.families)[0]}"
        own = [Check("the VXLAN link's marks", n.name, command, _judge_marks) for n in cluster.nodes]
        return [*super().checks(cluster), *own]


def _judge_marks(output: str) -> str | None:
    """Linux shows `gbp` of links that have it only (ip-link(8))."""
    link = json.loads(output)[0]
    return None if link["linkinfo"]["info_data"].get("gbp") else f"{link['ifname']}: no marks, expected gbp"
