"""Binaries, images and charts by name and version alone, for listings that install nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from underlay.artifacts.catalog import binary_entry, image_and_version, image_entry, version_beside
from underlay.artifacts.trust import Wanted
from underlay.model.addon import Chart
from underlay.resources.binary import Binary
from underlay.resources.images import Images
from underlay.resources.release import HostChart


class NamedArtifacts:
    """`plan.artifacts.Artifacts` without a source: no checksums, and nothing to install from."""

    architectures: tuple[str, ...] = ()
    lacking: Mapping[str, str] = MappingProxyType({})

    def __init__(self, *, kubernetes_version: str) -> None:
        self._kubernetes = kubernetes_version.removeprefix("v")

    def _version(self, component: str) -> str:
        return version_beside(component, self._kubernetes)

    def binary(self, name: str, path: str) -> Binary:
        return Binary(path=path, version=self._version(binary_entry(name).component), builds=(), install="")

    def images(self, names: tuple[str, ...]) -> Images:
        return Images(tuple(map(self.reference, names)), install="")

    def chart(self, chart: Chart) -> HostChart:
        return HostChart(chart.name, chart.version, sha256="", path="", install="")

    def moved(self, references: Sequence[str]) -> list[tuple[str, str, str]]:
        return []

    def reference(self, name: str) -> str:
        short, version = image_and_version(name)
        entry = image_entry(short)
        return entry.ref(version or self._version(entry.component))


class NotedArtifacts(NamedArtifacts):
    """Notes the names of what a plan installs, and the commands and charts that are downloaded for it."""

    def __init__(self, *, kubernetes_version: str) -> None:
        super().__init__(kubernetes_version=kubernetes_version)
        self.binary_names: set[str] = set()
        self.image_names: set[str] = set()
        self._charts: set[tuple[str, str, str]] = set()

    @property
    def wanted(self) -> Wanted:
        """What is requested of a source."""
        commands = {(name, self._version(binary_entry(name).component)) for name in self.binary_names}
        return Wanted(commands=frozenset(commands), charts=frozenset(self._charts))

    def binary(self, name: str, path: str) -> Binary:
        self.binary_names.add(name)
        return super().binary(name, path)

    def images(self, names: tuple[str, ...]) -> Images:
        self.image_names.update(names)
        return super().images(names)

    def chart(self, chart: Chart) -> HostChart:
        self._charts.add((chart.name, chart.version, chart.repository))
        return super().chart(chart)
