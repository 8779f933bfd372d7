"""Which part of the pod subnet pods have their addresses of, where namespaces have ranges of their own."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

from underlay.model.cluster import Cluster

from .settings import CalicoSettings

# Prefix length of what a node takes of a namespace's range.
POOL_BLOCK = 29


def default_pools(network: CalicoSettings, cluster: Cluster) -> tuple[IPv4Network | IPv6Network, ...]:
    """pod_subnet, or its lower half where ranges of the upper one are for namespaces."""
    if not network.egress_pools or cluster.pod_subnet.prefixlen >= cluster.pod_subnet.max_prefixlen:
        return cluster.pod_subnets
    halves: list[IPv4Network | IPv6Network] = [*cluster.pod_subnet.subnets()]
    return (halves[0], *cluster.pod_subnets[1:])


def pool_name(namespace: str) -> str:
    return f"egress-{namespace}"
