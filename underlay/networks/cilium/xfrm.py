"""Whether IPsec is at work on a node: what the kernel holds of it."""

from __future__ import annotations

import re
from functools import partial

from underlay.model.check import Check
from underlay.model.cluster import Cluster

COMMAND = "ip xfrm state count"


def xfrm_checks(cluster: Cluster) -> list[Check]:
    judge = partial(_judge, cluster)
    return [Check("IPsec states for every other node", n.name, COMMAND, judge) for n in cluster.nodes]


def _judge(cluster: Cluster, output: str) -> str | None:
    """One state for each direction to every other node; more while keys change, and for a second address family."""
    found = re.search(r"SAD count (\d+)", output)
    if found is None:
        return f"ip xfrm state count says {output.strip()!r}"
    least = 2 * (len(cluster.nodes) - 1)
    return None if int(found[1]) >= least else f"{found[1]} IPsec states, fewer than {least}"
