"""Binaries, images and charts that a spec needs, resolved against the source that the inventory names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from underlay.artifacts.catalog import binary_entry, image_entry
from underlay.artifacts.fetch import CACHE, chart_script, fetch_script, images_script, place_script
from underlay.artifacts.source import open_source
from underlay.model.addon import Chart
from underlay.resources.binary import Binary
from underlay.resources.images import Images
from underlay.resources.release import HostChart
from underlay.resources.resource import Upload

from .artifacts_named import NamedArtifacts


class ArtifactsOf(NamedArtifacts):
    """`plan.artifacts.Artifacts` out of a source: with checksums, and shell that installs.

    :raises ArtifactError: when the source does not have what is requested, or cannot be opened.
    """

    def __init__(self, settings: Mapping[str, Any], *, kubernetes_version: str, arch: str = "amd64") -> None:
        super().__init__(kubernetes_version=kubernetes_version, arch=arch)
        self._source = open_source(settings)

    def binary(self, name: str, path: str) -> Binary:
        version = self._version(binary_entry(name).component)
        found = self._source.binary(name, version, self.arch)
        install = place_script(found.sha256, path, "755") if found.blob else fetch_script(found, path, "755")
        return Binary(path=path, version=version, sha256=found.sha256, install=install, blob=found.blob)

    def images(self, names: tuple[str, ...]) -> Images:
        found = [self._source.image(n, self._version(image_entry(n).component), self.arch) for n in names]
        blobs = {b.sha256: Upload(b.path, b.sha256) for image in found for b in image.blobs}
        return Images(tuple(i.ref for i in found), images_script(found), tuple(blobs.values()))

    def chart(self, chart: Chart) -> HostChart:
        found = self._source.chart(chart.name, chart.version, chart.repository)
        path = f"{CACHE}/charts/{chart.name}-{chart.version}.tgz"
        install = chart_script(found, path)
        return HostChart(chart.name, chart.version, sha256=found.sha256, path=path, install=install, blob=found.blob)
