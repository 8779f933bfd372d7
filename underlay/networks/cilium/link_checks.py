"""Links that Cilium makes in some modes only: those of this mode exist, and those of others do not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial

from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.difference import member_difference

# Every mode has cilium_host and cilium_net. Underlay's tunnel and those of other plugins are known by their names.
DISTINCTIVE = ("cilium_vxlan", "cilium_geneve", "cilium_wg0", "cni-ipip", "flannel.", "vxlan.calico", "wireguard.cali")


def link_checks(cluster: Cluster, links: Sequence[str]) -> list[Check]:
    """Whether every node has these links, and none of other modes."""
    judge = partial(_judge, frozenset(links))
    return [Check("links of this mode and no other", n.name, "ip -json link show", judge) for n in cluster.nodes]


def _judge(expected: frozenset[str], output: str) -> str | None:
    up = {
        link["ifname"]: "UP" in link["flags"] for link in json.loads(output) if link["ifname"].startswith(DISTINCTIVE)
    }
    down = sorted(name for name in expected & set(up) if not up[name])
    wrong = [member_difference(up, expected), f"down {', '.join(down)}" if down else ""]
    return "; ".join(filter(None, wrong)) or None
