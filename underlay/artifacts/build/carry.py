"""Copies a bundle to a directory from which it is carried away: a disk, a share, a mount."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from underlay.artifacts.blobs import Blob, BlobStore
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
            copy_blob(source, store, blob, user=users[0])
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


def copy_blob(source: BlobStore, target: BlobStore, blob: Blob, *, user: str) -> None:
    """Copy a blob and verify it; `user` is what it is for.

    :raises ArtifactError: when it is damaged.
    """
    copied = target.add_file(source.path(blob.sha256))
    if copied != blob:
        target.path(copied.sha256).unlink()
        raise ArtifactError(
            f"bundle {source.root}", f"blob {blob.sha256} is damaged", found=user, remedy="run `underlay bundle`"
        )


def _charts(bundle: Path) -> dict[str, BundledChart]:
    """The charts of a bundle, if there is one yet; charts whose file is missing are left out."""
    try:
        found = load_manifest(bundle).charts
    except ArtifactError:
        return {}
    store = BlobStore(bundle)
    return {key: chart for key, chart in found.items() if store.path(chart.sha256).is_file()}
