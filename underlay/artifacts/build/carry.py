"""Copies a bundle to a directory from which it is carried away: a disk, a share, a mount."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from underlay.artifacts.blobs import BlobStore
from underlay.artifacts.error import ArtifactError
from underlay.artifacts.manifest import BundledChart, load_manifest, save_manifest


def carry(bundle: Path, target: Path, *, report: Callable[[str], None] = lambda _: None) -> int:
    """Copy the blobs that `target` lacks, verifying each, then the manifest; return the number of blobs copied.

    Charts that were added to `target` itself are kept. `report` is called with a name for each blob.

    :raises ArtifactError: when a blob is damaged, or the target cannot be written.
    """
    manifest = load_manifest(bundle)
    manifest = replace(manifest, charts=_charts(target) | manifest.charts)
    source, store = BlobStore(bundle), BlobStore(target)
    copied = 0
    try:
        for blob, users in manifest.references().values():
            if store.holds(blob):
                continue
            report(users[0])
            with store.writing() as writer, source.path(blob.sha256).open("rb") as file:
                shutil.copyfileobj(file, writer, 1 << 20)
            if writer.blob != blob:
                store.path(writer.blob.sha256).unlink()
                raise ArtifactError(
                    f"bundle {bundle}", f"blob {blob.sha256} is damaged", found=users[0], remedy="run `underlay bundle`"
                )
            copied += 1
        for name in ("oci-layout", "index.json"):
            shutil.copyfile(bundle / name, target / f".{name}.tmp")
            (target / f".{name}.tmp").replace(target / name)
        save_manifest(target, manifest)
    except OSError as error:
        raise ArtifactError(f"bundle {target}", "cannot be written", found=str(error)) from None
    for name in store.names() - set(manifest.references()):
        store.path(name).unlink()
    return copied


def _charts(bundle: Path) -> dict[str, BundledChart]:
    """The charts of a bundle, if there is one yet; charts whose file is missing are left out."""
    try:
        found = load_manifest(bundle).charts
    except ArtifactError:
        return {}
    store = BlobStore(bundle)
    return {key: chart for key, chart in found.items() if store.path(chart.sha256).is_file()}
