"""Routes on a node that lead to the pods of other nodes, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.difference import difference, member_difference
from underlay.model.node import Node
from underlay.networks.pod_routes import routes_to_pods

HOST_LINK = "cilium_host"
NAME = "routes to the pods of other nodes"


def route_checks(cluster: Cluster, judge: Callable[[Cluster, Node, str], str | None]) -> list[Check]:
    """One check per node, of the main table in the first IP version of pods."""
    command = f"ip -{cluster.pod_subnet.version} -json route show table main"
    return [Check(NAME, n.name, command, partial(judge, cluster, n)) for n in cluster.nodes]


def gateways_problem(cluster: Cluster, expected: Mapping[str, str], output: str) -> str | None:
    """Whether pod routes lead to these gateways and no others, each through its tunnel.

    :param expected: gateway -> tunnel link, or "" for none.
    """
    tunnels = set(expected.values()) - {""}
    observed = {
        r["gateway"]: r["dev"] if r["dev"] in tunnels else "" for r in pod_routes(output, cluster) if "gateway" in r
    }
    wrong = member_difference(_listed(observed), _listed(expected))
    return f"gateways of pod routes: {wrong}" if wrong else None


def learned_problem(cluster: Cluster, output: str) -> str | None:
    """Whether the routes to every other node's subnet are learned by BGP, and there are no others."""
    found = pod_routes(output, cluster)
    others = [f"{r['dst']} proto {r.get('protocol', '?')}" for r in found if r.get("protocol") != "bgp"]
    if others:
        return f"pod routes by another protocol: {', '.join(others)}"
    expected = len(cluster.nodes) - 1
    return None if len(found) == expected else f"{len(found)} pod routes by BGP, expected {expected}"


def overlay_problem(mtu: int, cluster: Cluster, node: Node, output: str) -> str | None:
    """Whether Cilium has a route to each other node's pods through its host link, with the MTU, in bytes."""
    inside = [r for r in _inside(output, cluster) if r.get("dev") == HOST_LINK]
    # The route to the node's own pods has no MTU.
    observed = sorted(m["mtu"] for r in inside for m in r.get("metrics", ()) if "mtu" in m)
    wrong = difference({"MTUs": observed}, {"MTUs": [mtu] * (len(cluster.nodes) - 1)})
    return f"routes into the overlay: {wrong}" if wrong else None


def pod_routes(output: str, cluster: Cluster) -> list[dict[str, Any]]:
    """Routes of `ip -json route` to pods that leave the node."""
    return [r for r in _inside(output, cluster) if r.get("type") != "blackhole" and r.get("dev") != HOST_LINK]


def _inside(output: str, cluster: Cluster) -> list[dict[str, Any]]:
    found = routes_to_pods(output, cluster, cluster.pod_subnet.version)
    return [r for r in found if not r.get("dev", "").startswith("lxc")]


def _listed(gateways: Mapping[str, str]) -> list[str]:
    return [f"{gateway} through {link}" if link else gateway for gateway, link in gateways.items()]
