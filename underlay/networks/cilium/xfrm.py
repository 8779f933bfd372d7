"""Whether IPsec is in effect on a node, from the kernel's count of its states."""

from __future__ import annotations

import re
from functools import partial

from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.difference import in_words

COMMAND = "ip xfrm state count"


def xfrm_checks(cluster: Cluster) -> list[Check]:
    """Whether every node has IPsec states for every other node."""
    judge = partial(_judge, cluster)
    return [Check("IPsec states for every other node", n.name, COMMAND, judge) for n in cluster.nodes]


def _judge(cluster: Cluster, output: str) -> str | None:
    """At least a state for each direction to every other node; more during key rotation and for a second IP version."""
    found = re.search(r"SAD count (\d+)", output)
    if found is None:
        return f"{COMMAND} printed no SAD count ({in_words(output.strip())})"
    least = 2 * (len(cluster.nodes) - 1)
    return None if int(found[1]) >= least else f"{found[1]} IPsec states, expected {least} or more"
