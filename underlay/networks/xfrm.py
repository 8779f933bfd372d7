"""IPsec in the kernel, as `ip xfrm` lists it: whether two nodes encrypt for one another."""

from __future__ import annotations

import re

from underlay.model.cluster import Cluster
from underlay.model.node import Node

# The listing without `nokeys` contains the keys.
STATES = "ip xfrm state list nokeys"


def associations_problem(cluster: Cluster, node: Node, output: str) -> str | None:
    """Which other nodes lack an ESP security association in one direction or the other, from the output of STATES."""
    pairs = set(re.findall(r"^src (\S+) dst (\S+)\n\s*proto esp", output, re.MULTILINE))
    own = str(node.address)
    others = (str(n.address) for n in cluster.nodes if n != node)
    without = sorted(a for a in others if not {(own, a), (a, own)} <= pairs)
    return f"no security associations in both directions with {', '.join(without)}" if without else None
