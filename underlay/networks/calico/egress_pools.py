"""The address ranges of pods, where some namespaces have dedicated ranges."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

from underlay.model.cluster import Cluster

from .settings import CalicoSettings

# Prefix length of the blocks that nodes take from a namespace's range.
POOL_BLOCK = 29


def default_pools(network: CalicoSettings, cluster: Cluster) -> tuple[IPv4Network | IPv6Network, ...]:
    """The pod subnets, with the lower half of the first where the upper half has the namespaces' ranges."""
    if not network.egress_pools or cluster.pod_subnet.prefixlen >= cluster.pod_subnet.max_prefixlen:
        return cluster.pod_subnets
    halves: list[IPv4Network | IPv6Network] = [*cluster.pod_subnet.subnets()]
    return (halves[0], *cluster.pod_subnets[1:])


def pool_name(namespace: str) -> str:
    """The name of a namespace's pool."""
    return f"egress-{namespace}"
