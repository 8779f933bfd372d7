"""What a network applies to the cluster: objects, charts, and the workloads to wait for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Object = dict[str, Any]


@dataclass(frozen=True)
class Rollout:
    """A workload that has to be complete before the network counts as installed; `kind` is DaemonSet or Deployment."""

    kind: str
    namespace: str
    name: str


@dataclass(frozen=True)
class Chart:
    """An upstream Helm chart: `repository` is a URL, oci://… or that of a chart repository."""

    name: str
    version: str
    repository: str


@dataclass(frozen=True)
class Release:
    """A Helm release: a chart installed under a name with these values."""

    name: str
    namespace: str
    chart: Chart
    values: dict[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Addon:
    """`objects` are applied first, in order; then the `release`; then `after`, whose kinds the release brings.

    `images` are what every node needs for them (names of the artifact catalog), `pulled` the images of its charts,
    which come from their registries, with their tags where the charts do not choose these. `rollouts` are what to wait
    for in the end. `crds` is a release that goes before the other: the kinds it cannot do
    without, where upstream keeps them in a chart of their own.
    """

    objects: tuple[Object, ...] = ()
    images: tuple[str, ...] = ()
    pulled: tuple[str, ...] = ()
    rollouts: tuple[Rollout, ...] = ()
    release: Release | None = None
    after: tuple[Object, ...] = ()
    crds: Release | None = None

    @property
    def releases(self) -> tuple[Release, ...]:
        """The charts, in the order they are installed in."""
        return tuple(r for r in (self.crds, self.release) if r is not None)

    @property
    def references(self) -> tuple[str, ...]:
        """The images of its pods, of objects and charts, by their full names."""
        pods = (o["spec"]["template"]["spec"] for o in self.objects if "template" in o.get("spec", {}))
        named = (c["image"] for pod in pods for c in (*pod.get("initContainers", ()), *pod["containers"]))
        return tuple(dict.fromkeys((*named, *self.pulled)))

    def not_among(self, supplied: Iterable[str]) -> tuple[str, ...]:
        """The images of its pods that a source does not supply; `supplied` are full names, whatever their tags."""
        repositories = {image.rpartition(":")[0] for image in supplied}
        return tuple(image for image in self.references if image.rpartition(":")[0] not in repositories)

    @property
    def namespaces(self) -> frozenset[str]:
        """Where its workloads run: the namespaces of its own objects and charts, and of what it waits for."""
        own = (o["metadata"].get("namespace") for o in (*self.objects, *self.after))
        return (
            frozenset(filter(None, own)) | {r.namespace for r in self.releases} | {r.namespace for r in self.rollouts}
        )
