"""What is already built, according to the bundle and to the state of an interrupted build."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from underlay.artifacts.blobs import Blob, BlobStore, write_atomically
from underlay.artifacts.error import ArtifactError
from underlay.artifacts.manifest import BundledChart, Output, load_manifest, parse_outputs

from .image_recipes import recipes_of


@dataclass
class Build:
    """One run of a build: where it writes, and what is already built."""

    bundle: Path
    work: Path
    arch: str
    kubernetes: str = ""
    """A version without a leading v, if it is not the pinned one."""
    outputs: dict[str, Output] = field(default_factory=dict)
    built: dict[str, Any] = field(default_factory=dict)
    charts: dict[str, BundledChart] = field(default_factory=dict)
    wanted: frozenset[str] = frozenset()
    """Recipes whose outputs the bundle gets: those requested, and those that it already has."""

    def __post_init__(self) -> None:
        self.store = BlobStore(self.bundle)
        self._state = self.work / "state.json"
        self._recording = Lock()
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

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Note what one part has built, alone; then write what is built so far to the working directory, so that an
        interrupted build can be resumed."""
        with self._recording:
            yield
            self._save_state()

    def _save_state(self) -> None:
        state = {"outputs": {n: asdict(o) for n, o in self.outputs.items()}, "built": self.built}
        write_atomically(self._state, json.dumps(state, indent=1))

    def _read_manifest(self) -> tuple[dict[str, Output], dict[str, Any]]:
        try:
            manifest = load_manifest(self.bundle)
        except ArtifactError:
            return {}, {}
        self.charts = dict(manifest.charts)
        self.wanted |= recipes_of(binaries=manifest.binaries, images=manifest.images)
        return dict(manifest.outputs), dict(manifest.built)

    def _read_state(self) -> tuple[dict[str, Output], dict[str, Any]]:
        try:
            state = json.loads(self._state.read_text(encoding="utf-8"))
            return parse_outputs(state["outputs"]), state["built"]
        except (OSError, ValueError, KeyError, TypeError):
            return {}, {}
