"""Binaries, images and charts that a spec needs, resolved against the source that the inventory names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from underlay.artifacts.artifact import ImageArtifact
from underlay.artifacts.catalog import binary_entry, image_entry
from underlay.artifacts.fetch import CACHE, chart_script, fetch_script, place_script
from underlay.artifacts.source import open_source
from underlay.model.addon import Chart
from underlay.resources.binary import Binary
from underlay.resources.images import Images
from underlay.resources.release import HostChart

from .artifacts_named import NamedArtifacts
from .pulled_images import PulledImages


class ArtifactsOf(NamedArtifacts):
    """`plan.artifacts.Artifacts` out of a source: with checksums, and shell that installs.

    :raises ArtifactError: when the source does not have what is requested, or cannot be opened.
    """

    def __init__(self, settings: Mapping[str, Any], *, kubernetes_version: str, arch: str = "amd64") -> None:
        super().__init__(kubernetes_version=kubernetes_version, arch=arch)
        self._source = open_source(settings)
        self.pulled = PulledImages()

    def binary(self, name: str, path: str) -> Binary:
        version = self._version(binary_entry(name).component)
        found = self._source.binary(name, version, self.arch)
        install = place_script(found.sha256, path, "755") if found.blob else fetch_script(found, path, "755")
        url = found.url or ""
        return Binary(path=path, version=version, sha256=found.sha256, install=install, blob=found.blob, url=url)

    def images(self, names: tuple[str, ...]) -> Images:
        return self.pulled.resource(self.found_images(names))

    def found_images(self, names: Iterable[str]) -> list[ImageArtifact]:
        """Images of the catalog, as the source has them."""
        return [self._source.image(n, self._version(image_entry(n).component), self.arch) for n in names]

    def moved(self, references: Sequence[str]) -> list[tuple[str, str, str]]:
        return self.pulled.moved(references)

    def chart(self, chart: Chart) -> HostChart:
        found = self._source.chart(chart.name, chart.version, chart.repository)
        path = f"{CACHE}/charts/{chart.name}-{chart.version}.tgz"
        install = chart_script(found, path)
        return HostChart(
            chart.name,
            chart.version,
            sha256=found.sha256,
            path=path,
            install=install,
            blob=found.blob,
            url=found.url or "",
        )
