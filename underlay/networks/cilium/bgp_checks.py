"""Whether the BGP sessions are established, and packets to other racks leave by a router that knows pod routes."""

from __future__ import annotations

import json
from functools import partial

from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.difference import difference, in_words
from underlay.model.node import Node

from .status import query


def bgp_checks(cluster: Cluster) -> list[Check]:
    """Checks on every node of its BGP sessions and, across racks, of its default route."""
    found = []
    for node in cluster.nodes:
        judge = partial(_sessions, cluster, node)
        found.append(Check("BGP sessions with the routers of the rack", node.name, query("bgp/peers"), judge))
        if len(cluster.racks) > 1:
            judge = partial(_default_route, cluster, node)
            found.append(Check("the default route leads to a router", node.name, "ip -json route show default", judge))
    return found


def _sessions(cluster: Cluster, node: Node, output: str) -> str | None:
    assert cluster.bgp is not None
    routers = sorted(str(r.address) for r in cluster.bgp.routers_of(node.rack))
    observed = {p["peer-address"]: p.get("session-state", "unknown") for p in json.loads(output)}
    wrong = [difference(observed, dict.fromkeys(routers, "established"))]
    if others := sorted(set(observed) - set(routers)):
        wrong.append(f"sessions with peers that are no routers of {node.rack}: {in_words(others)}")
    return "; ".join(filter(None, wrong)) or None


def _default_route(cluster: Cluster, node: Node, output: str) -> str | None:
    assert cluster.bgp is not None
    routers = {str(r.address) for r in cluster.bgp.routers_of(node.rack)}
    routes = json.loads(output)
    gateways = {r["gateway"] for r in routes if "gateway" in r}
    gateways |= {hop["gateway"] for r in routes for hop in r.get("nexthops", ()) if "gateway" in hop}
    if gateways and gateways <= routers:
        return None
    return f"default route: gateway {in_words(sorted(gateways))}, expected {' or '.join(sorted(routers))}"
