"""Which changes restart something on a node, and in which steps nodes that serve already get them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from underlay.inventory.rollout_settings import RolloutSettings
from underlay.model.cluster import Cluster
from underlay.resources.file import File
from underlay.resources.resource import Resource
from underlay.resources.unit import Unit

from .host_plan import Phase
from .kubelet_files import PODS_FILE

# The network's objects are the cluster's: Kubernetes rolls them out itself.
PHASES = (Phase.PREPARE, Phase.RUNTIME, Phase.KUBERNETES)
_KUBELET = "/usr/local/bin/kubelet"


@dataclass(frozen=True)
class Batch:
    """Nodes that are changed at once; the next batch begins when all of them serve again."""

    names: tuple[str, ...]
    canary: bool = False

    def __str__(self) -> str:
        return ", ".join(self.names) + (" (canary)" if self.canary else "")


def restarts(pending: Collection[Resource], among: Sequence[Resource]) -> list[str]:
    """The units that a change of these resources restarts.

    :param pending: resources that differ. :param among: all of the host.
    """
    changed = {resource.name for resource in pending}
    units = [r for r in among if isinstance(r, Unit) and not r.reloads]
    return [u.unit for u in units if u.running is not False and (u in pending or u.follows(changed))]


def pods_notice(pending: Collection[tuple[Resource, str]]) -> bool:
    """Whether running pods may be stopped by a change: by another kubelet, or by what it admits pods by.

    :param pending: resources that differ, with the lines they were observed as.
    """
    for resource, line in pending:
        if resource.name == _KUBELET:
            return True
        # Files of a cluster that never had them: only what they state is new.
        if isinstance(resource, File) and resource.path == PODS_FILE and (line != "absent" or _states(resource)):
            return True
    return False


def _states(file: File) -> bool:
    """Whether a file of the kubelet's configuration has a field, beside its kind."""
    lines = (file.content or "").splitlines()
    return any(not line.startswith(("#", "apiVersion:", "kind:")) for line in lines)


def upgrade_batches(cluster: Cluster, settings: RolloutSettings, names: Collection[str]) -> list[Batch]:
    """Steps of an upgrade: control-plane hosts one at a time, the first one first: no kubelet may be newer."""
    planes = [Batch((n.name,)) for n in cluster.control_plane if n.name in names]
    return planes + batches(cluster, settings, {n.name for n in cluster.workers if n.name in names})


def batches(cluster: Cluster, settings: RolloutSettings, names: Collection[str]) -> list[Batch]:
    """Steps in which these nodes are changed: canaries, workers in batches, control-plane hosts one at a time."""
    canaries = [n for n in settings.canary if n in names]
    workers = [n.name for n in cluster.workers if n.name in names]
    # As reboots go: the first control-plane host last.
    planes = [n.name for n in reversed(cluster.control_plane) if n.name in names]
    size = settings.batch_size(len(cluster.workers))
    return [
        *_canaries([n for n in canaries if n in workers], len(canaries) or 1),
        *(Batch((n,), canary=True) for n in canaries if n in planes),
        *_cut([n for n in workers if n not in canaries], size),
        *(Batch((n,)) for n in planes if n not in canaries),
    ]


def _canaries(names: Sequence[str], size: int) -> Iterator[Batch]:
    yield from (Batch(batch.names, canary=True) for batch in _cut(names, size))


def _cut(names: Sequence[str], size: int) -> Iterator[Batch]:
    for start in range(0, len(names), size):
        yield Batch(tuple(names[start : start + size]))
