"""Links that Cilium makes for some modes only: those of this mode are there, and those of others are not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial

from underlay.model.check import Check
from underlay.model.cluster import Cluster

# Always there: cilium_host, cilium_net. The tunnel of our own, and those of other plugins, are told by their names.
TELLING = ("cilium_vxlan", "cilium_geneve", "cilium_wg0", "cni-ipip", "flannel.", "vxlan.calico", "wireguard.cali")


def link_checks(cluster: Cluster, links: Sequence[str]) -> list[Check]:
    judge = partial(_judge, frozenset(links))
    return [Check("links of this mode and no other", n.name, "ip -json link show", judge) for n in cluster.nodes]


def _judge(wanted: frozenset[str], output: str) -> str | None:
    found = {link["ifname"]: "UP" in link["flags"] for link in json.loads(output)}
    there = {name for name in found if name.startswith(TELLING)}
    wrong = [
        *(f"{name} is missing" for name in sorted(wanted - there)),
        *(f"{name} is of another mode" for name in sorted(there - wanted)),
        *(f"{name} is down" for name in sorted(wanted & there) if not found[name]),
    ]
    return ", ".join(wrong) or None
