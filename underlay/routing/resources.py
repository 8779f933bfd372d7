"""The resources of a node, or of a managed router, for its part in routing."""

from __future__ import annotations

from collections.abc import Mapping

from underlay.model.bgp import Router
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.model.routes import Routes
from underlay.networks.network import Network
from underlay.networks.pod_subnet import agent
from underlay.resources.resource import Resource
from underlay.resources.sysctl import Sysctl

from . import static
from .frr import frr


def of_node(cluster: Cluster, node: Node) -> tuple[Resource, ...]:
    """A node's part: with BGP, a speaker and the agent that keeps a route for the subnet it announces."""
    if cluster.routes is Routes.BGP and cluster.bgp is not None:
        return (*frr(cluster, node.name), *agent(node.name))
    return ()


def learned(
    cluster: Cluster, network: Network, node: Node, subnets: Mapping[str, frozenset[str]]
) -> tuple[Resource, ...]:
    """What depends on the pod subnets that the cluster has given its nodes.

    :param subnets: node name -> its pod subnets.
    """
    names = {node.name, *(n.name for n in network.routed_peers(cluster, node))}
    peers = {name: own for name, own in subnets.items() if name in names}
    return static.of_node(cluster, node, peers, tunnels=network.uses_host_tunnels)


def of_router(cluster: Cluster, router: Router) -> tuple[Resource, ...]:
    """A managed router's part: forwarding and a speaker."""
    return (Sysctl("net.ipv4.ip_forward", "1"), *frr(cluster, router.name))
