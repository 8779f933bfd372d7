"""What is already built, according to the bundle and to the state of an interrupted build."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from underlay.artifacts.blobs import Blob, BlobStore, write_atomically
from underlay.artifacts.catalog import IMAGES, OPTIONAL, image_entry
from underlay.artifacts.error import ArtifactError
from underlay.artifacts.manifest import BundledChart, Output, load_manifest, parse_outputs


@dataclass
class Build:
    """One run of a build: where it writes, and what is already built."""

    bundle: Path
    work: Path
    arch: str
    outputs: dict[str, Output] = field(default_factory=dict)
    built: dict[str, Any] = field(default_factory=dict)
    charts: dict[str, BundledChart] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    """Optional components to build: those requested, and those that the bundle already has."""

    def __post_init__(self) -> None:
        self.store = BlobStore(self.bundle)
        self._state = self.work / "state.json"
        for known in (self._read_manifest, self._read_state):
            outputs, built = known()
            self.outputs |= outputs
            self.built |= built

    def has(self, name: str, key: str) -> bool:
        """Return whether an output with this key is stored."""
        output = self.outputs.get(name)
        return output is not None and output.key == key and self.store.holds(output.blob)

    def record(self, name: str, key: str, blob: Blob) -> None:
        """Note a stored output."""
        self.outputs[name] = Output(key=key, sha256=blob.sha256, size=blob.size)

    def save_state(self) -> None:
        """Write what is built so far to the working directory, so that an interrupted build can be resumed."""
        state = {"outputs": {n: asdict(o) for n, o in self.outputs.items()}, "built": self.built}
        write_atomically(self._state, json.dumps(state, indent=1))

    def _read_manifest(self) -> tuple[dict[str, Output], dict[str, Any]]:
        try:
            manifest = load_manifest(self.bundle)
        except ArtifactError:
            return {}, {}
        self.charts = dict(manifest.charts)
        held = {image_entry(name).component for name in manifest.images if name in IMAGES}
        self.optional |= held & {*OPTIONAL}
        return dict(manifest.outputs), dict(manifest.built)

    def _read_state(self) -> tuple[dict[str, Output], dict[str, Any]]:
        try:
            state = json.loads(self._state.read_text())
            return parse_outputs(state["outputs"]), state["built"]
        except (OSError, ValueError, KeyError, TypeError):
            return {}, {}
