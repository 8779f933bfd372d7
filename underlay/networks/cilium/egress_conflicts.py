"""Conflicts among the policies of an egress gateway, and between them and the cluster."""

from __future__ import annotations

from collections.abc import Iterator

from underlay.model.cluster import Cluster

from .features import Features


def egress_conflicts(network: Features, cluster: Cluster) -> Iterator[str]:
    """The problems of `egress_policies`, each with the name of its policy."""
    names = [n.name for n in cluster.nodes]
    names_before: set[str] = set()
    for policy in network.egress_policies:
        where = f"network.egress_policies: {policy.name}"
        if policy.name in names_before:
            yield f"{where} exists twice; give each policy a unique name"
        names_before.add(policy.name)
        if policy.gateway not in names:
            yield f"{where} has an unknown gateway (it is {policy.gateway}); use one of {', '.join(names)}"
        own = [policy.address] if policy.address else []
        for item in (*policy.destinations, *policy.excluded, *own):
            if item.version not in cluster.families:
                yield f"{where} contains {item}, and pods have no IPv{item.version}; remove it"
        if policy.address and policy.address.version not in {d.version for d in policy.destinations}:
            yield f"{where} has an IPv{policy.address.version} address and no such destination; add one, or change it"
        for subnet in (*cluster.pod_subnets, *cluster.service_subnets):
            if policy.address and policy.address in subnet:
                yield f"{where} has the address {policy.address} of {subnet}; choose an address of the gateway"
