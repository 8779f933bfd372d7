"""The routes that pods need in a cloud's network."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from underlay.clouds.change import CloudChange, PodRoute
from underlay.clouds.open import open_cloud
from underlay.model.routes import Routes

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


def make(changes: Iterable[CloudChange], say: Callable[[str], object]) -> str | None:
    """Make changes, one after the other; why one failed, or None.

    :param say: called with the sentence of each that was made.
    """
    for change in changes:
        try:
            change.apply()
        except Exception as error:  # whatever the provider's library raises once its own retries are exhausted
            return f"{change.sentence}: {error}"
        say(change.sentence)
    return None


def planned_removal(run: Run) -> list[CloudChange]:
    """The changes that take the cloud's routes to the run's nodes back; where no node stays, the rule for pods, too.

    :raises CloudError: when its API fails.
    """
    cluster = run.spec.cluster
    if cluster.routes is not Routes.CLOUD:
        return []
    assert cluster.cloud is not None
    within = [str(n.address) for n in cluster.nodes if n.name in run.limit]
    leaving = None if len(within) == len(cluster.nodes) else within
    return open_cloud(cluster.cloud).removal(leaving, cluster.pod_subnet)  # type: ignore[arg-type]
