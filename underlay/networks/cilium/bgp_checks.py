"""Whether the sessions stand that have to, and packets to other racks leave by a router that hears of pods."""

from __future__ import annotations

import json
from functools import partial

from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.node import Node

from .status import ask


def bgp_checks(cluster: Cluster) -> list[Check]:
    found = []
    for node in cluster.nodes:
        judge = partial(_sessions, cluster, node)
        found.append(Check("BGP sessions with the routers of the rack", node.name, ask("bgp/peers"), judge))
        if len(cluster.racks) > 1:
            judge = partial(_way_out, cluster, node)
            found.append(Check("the default route leads to a router", node.name, "ip -json route show default", judge))
    return found


def _sessions(cluster: Cluster, node: Node, output: str) -> str | None:
    assert cluster.bgp is not None
    wanted = {str(r.address) for r in cluster.bgp.routers_of(node.rack)}
    peers = json.loads(output)
    seen = {p["peer-address"]: p.get("session-state", "unknown") for p in peers}
    wrong = [f"{a} is {state}" for a, state in sorted(seen.items()) if state != "established"]
    wrong += [f"{a} is no peer" for a in sorted(wanted - set(seen))]
    wrong += [f"{a} is no router of {node.rack}" for a in sorted(set(seen) - wanted)]
    return ", ".join(wrong) or None


def _way_out(cluster: Cluster, node: Node, output: str) -> str | None:
    assert cluster.bgp is not None
    routers = {str(r.address) for r in cluster.bgp.routers_of(node.rack)}
    routes = json.loads(output)
    gateways = {r["gateway"] for r in routes if "gateway" in r}
    gateways |= {hop["gateway"] for r in routes for hop in r.get("nexthops", ()) if "gateway" in hop}
    if gateways and gateways <= routers:
        return None
    return f"the default route leads to {', '.join(sorted(gateways)) or 'nobody'}, not to {', '.join(sorted(routers))}"
