"""Takes into a bundle for another version of Kubernetes what this machine's own bundle has of the same."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from underlay.artifacts.blobs import BlobStore
from underlay.artifacts.error import ArtifactError
from underlay.artifacts.home import bundle_directory
from underlay.artifacts.manifest import Manifest, load_manifest

from .build_state import Build
from .carry import copy_blob
from .steps import Steps


def adopt(build: Build, keys: Mapping[str, str], *, steps: Steps) -> None:
    """Copy every output that the build lacks and the pinned version's bundle has.

    :param keys: output -> key of all outputs of the build.
    :raises ArtifactError: when what would be copied is damaged.
    """
    own = bundle_directory()
    if not build.kubernetes or (found := _manifest(own)) is None:
        return
    source = BlobStore(own)
    same = {
        name: output
        for name, output in found.outputs.items()
        if keys.get(name) == output.key and not build.has(name, output.key) and source.holds(output.blob)
    }
    if not same:
        return
    with steps.step(f"copy from {own}") as say:
        for name, output in same.items():
            say(name)
            copy_blob(source, build.store, output.blob, user=name)
            build.record(name, output.key, output.blob)
    # What is built anew replaces its entry.
    modules = {**found.built.get("modules", {}), **build.built.get("modules", {})}
    build.built = {**found.built, **build.built, "modules": modules}


def _manifest(bundle: Path) -> Manifest | None:
    try:
        return load_manifest(bundle)
    except ArtifactError:
        return None
