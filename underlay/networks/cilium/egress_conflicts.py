"""What cannot be among the policies of an egress gateway."""

from __future__ import annotations

from collections.abc import Iterator

from underlay.model.cluster import Cluster

from .features import Features


def egress_conflicts(network: Features, cluster: Cluster) -> Iterator[str]:
    names = [n.name for n in cluster.nodes]
    seen: set[str] = set()
    for policy in network.egress_policies:
        where = f"network.egress_policies: {policy.name}"
        if policy.name in seen:
            yield f"{where} is there twice; give each a name of its own"
        seen.add(policy.name)
        if policy.gateway not in names:
            yield f"{where} leaves through {policy.gateway}, which is no node; the nodes are {', '.join(names)}"
        own = [policy.address] if policy.address else []
        for item in (*policy.destinations, *policy.excluded, *own):
            if item.version not in cluster.families:
                yield f"{where} names {item}, and pods have no IPv{item.version}; leave it out"
        if policy.address and policy.address.version not in {d.version for d in policy.destinations}:
            yield f"{where} has no destination of IPv{policy.address.version}, and that address; make them fit"
        for subnet in (*cluster.pod_subnets, *cluster.service_subnets):
            if policy.address and policy.address in subnet:
                yield f"{where} leaves under {policy.address}, which is inside {subnet}; choose one of the gateway's"
