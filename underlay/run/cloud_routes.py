"""The routes that pods need in a cloud's network."""

from __future__ import annotations

from underlay.clouds.change import CloudChange, PodRoute
from underlay.clouds.open import open_cloud

from .run import Run


def planned_cloud(run: Run) -> list[CloudChange]:
    """The changes that make the cloud's routes follow the nodes' known pod subnets.

    :raises CloudError: when its API fails, or a limit would be exceeded.
    """
    cluster = run.spec.cluster
    assert cluster.cloud is not None
    routes = [
        PodRoute(node.name, str(node.address), subnet)
        for node in cluster.nodes
        for subnet in sorted(run.cluster.pod_subnets.get(node.name, ()))
        if ":" not in subnet
    ]
    return open_cloud(cluster.cloud).plan(routes, cluster.pod_subnet)  # type: ignore[arg-type]
