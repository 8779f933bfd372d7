"""Which routes on a node lead to the pods of others, and what of them is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.networks.pod_routes import routes_to_pods

HOST_LINK = "cilium_host"
NAME = "routes to the pods of other nodes"


def route_checks(cluster: Cluster, judge: Callable[[Cluster, Node, str], str | None]) -> list[Check]:
    """One for every node, of the main table in the pods' first address family."""
    command = f"ip -{cluster.pod_subnet.version} -json route show table main"
    return [Check(NAME, n.name, command, partial(judge, cluster, n)) for n in cluster.nodes]


def leads(cluster: Cluster, wanted: Mapping[str, str], output: str) -> str | None:
    """Whether pods' subnets lead to those gateways and no other, each by its tunnel, or by "" for none.

    :param wanted: gateway -> link.
    """
    tunnels = set(wanted.values()) - {""}
    seen = {
        r["gateway"]: r["dev"] if r["dev"] in tunnels else "" for r in pod_routes(output, cluster) if "gateway" in r
    }
    return None if seen == dict(wanted) else f"pods' routes lead to {_told(seen)}, not {_told(wanted)}"


def learned(cluster: Cluster, output: str) -> str | None:
    """Whether every other node's subnet is known by BGP, and none in another way."""
    found = pod_routes(output, cluster)
    others = [f"{r['dst']} proto {r.get('protocol', '?')}" for r in found if r.get("protocol") != "bgp"]
    if others:
        return f"pods' routes of another hand: {', '.join(others)}"
    wanted = len(cluster.nodes) - 1
    return None if len(found) == wanted else f"{len(found)} pods' routes by BGP, not {wanted}"


def into_the_overlay(mtu: int, cluster: Cluster, node: Node, output: str) -> str | None:
    """Cilium's own route to each other node's pods goes to its host link, and carries the MTU."""
    inside = [r for r in _inside(output, cluster) if r.get("dev") == HOST_LINK]
    # Its route to the node's own pods carries none.
    seen = sorted(m["mtu"] for r in inside for m in r.get("metrics", ()) if "mtu" in m)
    wanted = [mtu] * (len(cluster.nodes) - 1)
    return None if seen == wanted else f"routes into the overlay have the MTUs {seen}, not {wanted}"


def pod_routes(output: str, cluster: Cluster) -> list[dict[str, Any]]:
    """Routes of `ip -json route` to pods that leave the node."""
    return [r for r in _inside(output, cluster) if r.get("type") != "blackhole" and r.get("dev") != HOST_LINK]


def _inside(output: str, cluster: Cluster) -> list[dict[str, Any]]:
    found = routes_to_pods(output, cluster, cluster.pod_subnet.version)
    return [r for r in found if not r.get("dev", "").startswith("lxc")]


def _told(routes: Mapping[str, str]) -> str:
    return (
        ", ".join(f"{gateway}{f' over {link}' if link else ''}" for gateway, link in sorted(routes.items())) or "nobody"
    )
