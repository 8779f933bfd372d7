"""Underlay's own lock: a version for each component, and checksums of files that are downloaded."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from .blobs import write_atomically

LOCK_FILE = Path(__file__).with_name("lock.json")


@dataclass(frozen=True)
class ChartPin:
    """A chart's file: `path` is host/path without https://."""

    path: str
    sha256: str


@dataclass(frozen=True)
class Lock:
    """The content of lock.json.

    `versions` is component -> version, `go` module@version -> h1 sum, `upstream` host/path -> sha256, `charts`
    repository/name@version -> its file. Not every file has a checksum here; see `trust`.
    """

    versions: dict[str, str]
    go: dict[str, str]
    upstream: dict[str, str]
    charts: dict[str, ChartPin] = field(default_factory=dict)


@cache
def read_lock(path: Path = LOCK_FILE) -> Lock:
    """Return the content of a lock file, by default the project's own."""
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    charts = {key: ChartPin(**pin) for key, pin in data["charts"].items()}
    return Lock(versions=data["versions"], go=data["go"], upstream=data["upstream"], charts=charts)


def write_lock(lock: Lock, path: Path = LOCK_FILE) -> None:
    """Write a lock file, sorted, so that a renewal is a small diff."""
    data = {
        "versions": dict(sorted(lock.versions.items())),
        "go": dict(sorted(lock.go.items())),
        "upstream": dict(sorted(lock.upstream.items())),
        "charts": {key: asdict(pin) for key, pin in sorted(lock.charts.items())},
    }
    write_atomically(path, json.dumps(data, indent=2) + "\n")
    read_lock.cache_clear()
