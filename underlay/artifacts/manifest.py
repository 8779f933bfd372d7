"""bundle.json, the description of a bundle: its content, the digests, and what it was built from."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .blobs import Blob, write_atomically
from .error import ArtifactError

FORMAT = 1
MANIFEST_FILE = "bundle.json"


@dataclass(frozen=True, kw_only=True)
class Output:
    """A build output; `key` is a hash of all its inputs, `size` in bytes."""

    key: str
    sha256: str
    size: int

    @property
    def blob(self) -> Blob:
        """The stored file."""
        return Blob(self.sha256, self.size)


@dataclass(frozen=True, kw_only=True)
class BundledBinary:
    """A command, as it is installed on hosts."""

    version: str
    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True)
class BundledImage:
    """An image: `blobs` is its manifest, its config and its layers, in this order."""

    ref: str
    version: str
    digest: str
    blobs: tuple[Blob, ...]


@dataclass(frozen=True, kw_only=True)
class BundledChart:
    """A Helm chart, as it was downloaded."""

    name: str
    version: str
    sha256: str
    size: int

    @property
    def key(self) -> str:
        """What bundle.json lists it under."""
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The whole bundle.json; everything is built except `charts`, which a site adds."""

    arch: str
    binaries: dict[str, BundledBinary]
    images: dict[str, BundledImage]
    outputs: dict[str, Output]
    built: dict[str, Any] = field(default_factory=dict)
    charts: dict[str, BundledChart] = field(default_factory=dict)

    def references(self) -> dict[str, tuple[Blob, list[str]]]:
        """Return sha256 -> (blob, names of what refers to it)."""
        found: dict[str, tuple[Blob, list[str]]] = {}
        for name, binary in self.binaries.items():
            blob = Blob(binary.sha256, binary.size)
            found.setdefault(blob.sha256, (blob, []))[1].append(f"binary {name}")
        for name, image in self.images.items():
            for blob in image.blobs:
                found.setdefault(blob.sha256, (blob, []))[1].append(f"image {name}")
        for chart in self.charts.values():
            blob = Blob(chart.sha256, chart.size)
            found.setdefault(blob.sha256, (blob, []))[1].append(f"chart {chart.name} {chart.version}")
        return found


def dump_manifest(manifest: Manifest) -> str:
    """Return the text of bundle.json."""
    return json.dumps({"format": FORMAT, **asdict(manifest)}, indent=2, sort_keys=True) + "\n"


def save_manifest(bundle: Path, manifest: Manifest) -> None:
    """Replace bundle.json, which makes the new content current."""
    write_atomically(bundle / MANIFEST_FILE, dump_manifest(manifest))


def load_manifest(bundle: Path) -> Manifest:
    """Return the description of a bundle.

    :raises ArtifactError: when there is none, or it cannot be read.
    """
    path = bundle / MANIFEST_FILE
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ArtifactError(
            f"bundle {bundle}", "not found", remedy="run `underlay bundle` or name another path"
        ) from None
    except (OSError, ValueError) as error:
        raise ArtifactError(f"bundle {bundle}", f"{MANIFEST_FILE} cannot be read", found=str(error)) from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        found = data.get("format") if isinstance(data, dict) else type(data).__name__
        raise ArtifactError(
            f"bundle {bundle}",
            "has another format",
            found=f"{found}, expected {FORMAT}",
            remedy="run `underlay bundle`",
        )
    try:
        return _parse(data)
    except (KeyError, TypeError, AttributeError) as error:
        raise ArtifactError(f"bundle {bundle}", f"{MANIFEST_FILE} is incomplete", found=repr(error)) from None


def parse_outputs(data: dict[str, Any]) -> dict[str, Output]:
    """Return name -> output, from JSON."""
    return {name: Output(**o) for name, o in data.items()}


def _parse(data: dict[str, Any]) -> Manifest:
    return Manifest(
        arch=data["arch"],
        binaries={n: BundledBinary(**b) for n, b in data["binaries"].items()},
        images={
            n: BundledImage(**{**i, "blobs": tuple(Blob(**b) for b in i["blobs"])}) for n, i in data["images"].items()
        },
        outputs=parse_outputs(data["outputs"]),
        built=data["built"],
        # Bundles of earlier versions have no charts.
        charts={n: BundledChart(**c) for n, c in data.get("charts", {}).items()},
    )
