"""The routes that a cloud's network needs, so that pods are reachable in it."""

from __future__ import annotations

from underlay.clouds.change import Change, PodRoute
from underlay.clouds.open import open_cloud

from .run import Run


def planned_cloud(run: Run) -> list[Change]:
    """What the cloud is to be told for the nodes' pod subnets as they are known.

    :raises CloudError: when it cannot be asked, or a limit would be passed.
    """
    cluster = run.spec.cluster
    assert cluster.cloud is not None
    wanted = [
        PodRoute(node.name, str(node.address), subnet)
        for node in cluster.nodes
        for subnet in sorted(run.cluster.pod_subnets.get(node.name, ()))
        if ":" not in subnet
    ]
    return open_cloud(cluster.cloud).plan(wanted, cluster.pod_subnet)  # type: ignore[arg-type]
