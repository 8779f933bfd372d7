"""Binaries, images and charts by name and version alone, for listings that install nothing."""

from __future__ import annotations

from collections.abc import Sequence

from underlay.artifacts.catalog import binary_entry, image_entry, pinned_version
from underlay.model.addon import Chart
from underlay.resources.binary import Binary
from underlay.resources.images import Images
from underlay.resources.release import HostChart


class NamedArtifacts:
    """`plan.artifacts.Artifacts` without a source: no checksums, and nothing to install from."""

    def __init__(self, *, kubernetes_version: str, arch: str = "amd64") -> None:
        self._kubernetes = kubernetes_version.removeprefix("v")
        self.arch = arch

    def _version(self, component: str) -> str:
        return self._kubernetes if component == "kubernetes" else pinned_version(component)

    def binary(self, name: str, path: str) -> Binary:
        return Binary(path=path, version=self._version(binary_entry(name).component), sha256="", install="")

    def images(self, names: tuple[str, ...]) -> Images:
        return Images(tuple(map(self.reference, names)), install="")

    def chart(self, chart: Chart) -> HostChart:
        return HostChart(chart.name, chart.version, sha256="", path="", install="")

    def moved(self, references: Sequence[str]) -> list[tuple[str, str, str]]:
        return []

    def reference(self, name: str) -> str:
        entry = image_entry(name)
        return entry.ref(self._version(entry.component))


class NotedArtifacts(NamedArtifacts):
    """Notes the names of the binaries and images that a plan installs."""

    def __init__(self, *, kubernetes_version: str) -> None:
        super().__init__(kubernetes_version=kubernetes_version)
        self.binary_names: set[str] = set()
        self.image_names: set[str] = set()

    def binary(self, name: str, path: str) -> Binary:
        self.binary_names.add(name)
        return super().binary(name, path)

    def images(self, names: tuple[str, ...]) -> Images:
        self.image_names.update(names)
        return super().images(names)
