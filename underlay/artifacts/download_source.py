"""Supplies artifacts from upstream's downloads, or from a mirror of them."""

from __future__ import annotations

from .artifact import Archive, BinaryArtifact, ChartArtifact, ImageArtifact
from .catalog import image_entry
from .error import ArtifactError
from .lock import read_lock
from .upstream import chart_key, download_of


class DownloadSource:
    """Upstream's downloads, or a mirror of them.

    URLs are `prefix`, upstream's host name, upstream's path; `registry` is the URL of a mirror of image registries.
    """

    def __init__(self, prefix: str, registry: str | None = None) -> None:
        self._prefix = prefix
        self._registry = registry
        self._checksums = read_lock().upstream
        self._charts = read_lock().charts

    def binary(self, name: str, version: str, arch: str = "amd64") -> BinaryArtifact:
        """Return a command to download; its checksum must be pinned."""
        download = download_of(name, version, arch)
        member = f"{download.path}#{download.member}" if download.member else None
        sha256 = self._pinned(name, version, arch, member or download.path)
        archive = None
        if download.member:
            pinned = self._pinned(name, version, arch, download.path)
            archive = Archive(sha256=pinned, member=download.member)
        return BinaryArtifact(
            name=name,
            version=version.removeprefix("v"),
            arch=arch,
            sha256=sha256,
            url=self._prefix + download.path,
            archive=archive,
        )

    def image(self, name: str, version: str, arch: str = "amd64") -> ImageArtifact:
        """Return an image to pull; the host's runtime selects the architecture."""
        return ImageArtifact(ref=image_entry(name).ref(version.removeprefix("v")), registry=self._registry)

    def chart(self, name: str, version: str, repository: str) -> ChartArtifact:
        """Return a chart to download; its checksum must be pinned."""
        key = chart_key(name, version, repository)
        pin = self._charts.get(key)
        if pin is None:
            raise ArtifactError(
                f"chart {name} {version}",
                "no pinned checksum",
                found=key,
                remedy=f"run `underlay bundle --lock --pin {key}` where upstream can be reached, "
                "or choose another artifacts.source",
            )
        return ChartArtifact(name=name, version=version, sha256=pin.sha256, url=self._prefix + pin.path)

    def _pinned(self, name: str, version: str, arch: str, key: str) -> str:
        if key not in self._checksums:
            raise ArtifactError(
                f"{name} v{version.removeprefix('v')} linux/{arch}",
                "no pinned checksum",
                found=key,
                remedy="run `underlay bundle --lock` where upstream can be reached, or choose another artifacts.source",
            )
        return self._checksums[key]
