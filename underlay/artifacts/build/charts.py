"""Adds downloaded charts to a bundle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from underlay.artifacts.blobs import BlobStore
from underlay.artifacts.chart_file import DownloadedChart
from underlay.artifacts.error import ArtifactError
from underlay.artifacts.home import build_directory, bundle_directory
from underlay.artifacts.lock import read_lock
from underlay.artifacts.manifest import BundledChart, load_manifest, save_manifest

from .build import exclusive


def chart_files(directory: Path) -> list[Path]:
    """Return the .tgz files of a directory, sorted by name.

    :raises ArtifactError: when there is none.
    """
    found = sorted(directory.glob("*.tgz"))
    if not found:
        raise ArtifactError(f"charts {directory}", "no .tgz file", remedy="give a directory with charts")
    return found


def add_charts(bundle: Path, charts: Sequence[DownloadedChart]) -> None:
    """Add charts to a bundle; a chart of the same name and version is replaced.

    :raises ArtifactError: when a chart differs from its pin, or the bundle cannot be written.
    """
    for chart in charts:
        _refuse_unpinned(chart)
    with _exclusive_access(bundle):
        manifest = load_manifest(bundle)
        store = BlobStore(bundle)
        added = {}
        try:
            for chart in charts:
                blob = store.add_file(chart.path)
                one = BundledChart(name=chart.name, version=chart.version, sha256=blob.sha256, size=blob.size)
                added[one.key] = one
            after = replace(manifest, charts=dict(sorted((manifest.charts | added).items())))
            save_manifest(bundle, after)
            for sha256 in set(manifest.references()) - set(after.references()):
                store.path(sha256).unlink(missing_ok=True)
        except OSError as error:
            raise ArtifactError(f"bundle {bundle}", "cannot be written", found=str(error)) from None


def _refuse_unpinned(chart: DownloadedChart) -> None:
    ending = f"/{chart.name}@{chart.version}"
    pinned = {p.sha256 for key, p in read_lock().charts.items() if key.endswith(ending)}
    if pinned and chart.sha256 not in pinned:
        raise ArtifactError(
            f"chart {chart.path}",
            f"is not the {chart.name} {chart.version} that lock.json pins",
            found=f"sha256 {chart.sha256}, expected {', '.join(sorted(pinned))}",
            remedy="download it again from upstream",
        )


@contextmanager
def _exclusive_access(bundle: Path) -> Iterator[None]:
    """Only the bundles that this machine builds can have another writer, a running build."""
    if bundle.resolve().parent != bundle_directory().resolve().parent:
        yield
        return
    with exclusive(build_directory()):
        yield
