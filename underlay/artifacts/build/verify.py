"""Verifies a bundle: hashes every blob, follows every reference, and reports what is left over."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from underlay.artifacts.blobs import Blob, BlobStore, sha256_of
from underlay.artifacts.chart_file import read_chart
from underlay.artifacts.error import ArtifactError
from underlay.artifacts.manifest import BundledChart, BundledImage, Manifest, load_manifest

from .image import index_document


@dataclass
class BundleVerification:
    """The result of a verification: the bundle is unusable if there are `problems`; `size` in bytes."""

    blobs: int = 0
    size: int = 0
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def verify(bundle: Path, *, report: Callable[[str], None] = lambda _: None) -> BundleVerification:
    """Read every byte of a bundle; `report` is called with a name for each blob.

    :raises ArtifactError: when its manifest cannot be read.
    """
    manifest = load_manifest(bundle)
    store = BlobStore(bundle)
    references = manifest.references()
    findings = BundleVerification(blobs=len(references), size=sum(blob.size for blob, _ in references.values()))

    def examine(entry: tuple[Blob, list[str]]) -> str | None:
        blob, users = entry
        report(users[0])
        return _fault(store, blob, users)

    with ThreadPoolExecutor() as pool:
        findings.problems += [fault for fault in pool.map(examine, references.values()) if fault]
    findings.problems += _document_faults(bundle, manifest)
    if not findings.problems:
        findings.problems += [
            fault for name, image in manifest.images.items() for fault in _image_faults(store, name, image)
        ]
        findings.problems += [fault for c in manifest.charts.values() for fault in _chart_faults(store, c)]
    for name in sorted(store.names() - set(references)):
        findings.warnings.append(f"blob {name}: not referenced; `underlay bundle` removes it")
    return findings


def _fault(store: BlobStore, blob: Blob, users: list[str]) -> str | None:
    path = store.path(blob.sha256)
    who = ", ".join(sorted(users))
    try:
        size, actual = path.stat().st_size, sha256_of(path)
    except FileNotFoundError:
        return f"blob {blob.sha256}: missing ({who})"
    except OSError as error:
        return f"blob {blob.sha256}: cannot be read ({who}: {error.strerror})"
    if size != blob.size:
        return f"blob {blob.sha256}: {size} bytes, expected {blob.size} ({who})"
    if actual != blob.sha256:
        return f"blob {blob.sha256}: damaged, its sha256 is {actual} ({who})"
    return None


def _document_faults(bundle: Path, manifest: Manifest) -> Iterator[str]:
    expected: dict[str, Any] = {
        "oci-layout": {"imageLayoutVersion": "1.0.0"},
        "index.json": index_document({i.ref: i.blobs[0] for i in manifest.images.values()}),
    }
    for name, document in expected.items():
        try:
            if json.loads((bundle / name).read_text(encoding="utf-8")) != document:
                yield f"{name}: differs from bundle.json"
        except FileNotFoundError:
            yield f"{name}: missing"
        except (OSError, ValueError) as error:
            yield f"{name}: cannot be read ({error})"


def _image_faults(store: BlobStore, name: str, image: BundledImage) -> Iterator[str]:
    manifest = json.loads(store.path(image.blobs[0].sha256).read_bytes())
    named = [d["digest"] for d in (manifest["config"], *manifest["layers"])]
    if named != [blob.digest for blob in image.blobs[1:]] or image.digest != image.blobs[0].digest:
        yield f"image {name}: its manifest and bundle.json list different blobs"


def _chart_faults(store: BlobStore, chart: BundledChart) -> Iterator[str]:
    try:
        found = read_chart(store.path(chart.sha256))
    except ArtifactError as error:
        yield str(error)
        return
    if (found.name, found.version) != (chart.name, chart.version):
        yield f"chart {chart.name} {chart.version}: its file is {found.name} {found.version}"
