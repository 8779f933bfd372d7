"""Routes on a node that lead to the pods of other nodes."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Any

from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.networks.pod_routes import routes_to_pods, subnet_of

ROUTES = {4: "ip -json route show table main", 6: "ip -6 -json route show table main"}


def address_of(node: Node, version: int) -> IPv4Address | IPv6Address | None:
    """The node's address of an IP version; None if it has none."""
    return node.address if node.address.version == version else node.address_v6


def others(cluster: Cluster, node: Node, version: int, *, rack: str | None = None) -> set[str]:
    """The addresses of all other nodes, or of those in a rack, of one IP version."""
    return {
        str(address)
        for n in cluster.nodes
        if n != node and rack in (None, n.rack) and (address := address_of(n, version))
    }


def neighbours(cluster: Cluster, node: Node, rack: str | None = None) -> set[str]:
    """The addresses, of every IP version, of the other nodes in a rack, the node's own without one."""
    return {gateway for v in cluster.families for gateway in others(cluster, node, v, rack=rack or node.rack)}


def pod_routes(output: str, cluster: Cluster, version: int = 4) -> list[dict[str, Any]]:
    """Routes of `ip -json route` inside the pod subnet that have a gateway."""
    return [r for r in routes_to_pods(output, cluster, version) if "gateway" in r]


def whole_network(output: str, cluster: Cluster, version: int = 4) -> list[str]:
    """The links that routes to the whole pod subnet lead through."""
    subnet = str(subnet_of(cluster, version))
    return [str(r.get("dev")) for r in routes_to_pods(output, cluster, version) if r["dst"] == subnet]
