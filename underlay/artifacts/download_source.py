"""Supplies artifacts from upstream's downloads, or from a mirror of them."""

from __future__ import annotations

from collections.abc import Mapping

from underlay.machines import ARCHITECTURES

from .artifact import BinaryArtifact, ChartArtifact, ImageArtifact
from .catalog import image_entry
from .endpoints import Endpoint, content_url
from .trust import Pins
from .upstream import chart_key, download_of


class DownloadSource:
    """Upstream's downloads, or a mirror of them.

    URLs are `prefix`, upstream's host name, upstream's path; `registry` is the URL of a mirror of image registries.
    `endpoints` have the content of a registry, by its name, in its place.
    """

    architectures = ARCHITECTURES

    def __init__(
        self, prefix: str, pins: Pins, registry: str | None = None, *, endpoints: Mapping[str, Endpoint] | None = None
    ) -> None:
        self._prefix = prefix
        self._registry = registry
        self._endpoints = endpoints or {}
        self._pins = pins
        self.trusted = pins.trusted

    def binary(self, name: str, version: str, arch: str = "amd64") -> BinaryArtifact:
        """Return a command to download; the checksum of its file must be known."""
        download = download_of(name, version, arch)
        return BinaryArtifact(
            name=name,
            version=version.removeprefix("v"),
            arch=arch,
            sha256=self._pins.file(download.path),
            member=download.member,
            url=self._prefix + download.path,
        )

    def image(self, name: str, version: str, arch: str = "amd64") -> ImageArtifact:
        """Return an image to pull; the host's runtime selects the architecture."""
        return ImageArtifact(ref=image_entry(name).ref(version.removeprefix("v")), registry=self._registry)

    def chart(self, name: str, version: str, repository: str) -> ChartArtifact:
        """Return a chart to download; its checksum must be known."""
        pin = self._pins.charts[chart_key(name, version, repository)]
        url = content_url(pin.path, self._prefix, self._endpoints)
        stated = None if url == self._prefix + pin.path else pin.path.partition("/")[0]
        return ChartArtifact(name=name, version=version, sha256=pin.sha256, url=url, registry=stated)
