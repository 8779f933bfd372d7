"""What a command built in the state root: artifacts of the bundle, base images, unpacked images."""

from __future__ import annotations

import json
from pathlib import Path

Contents = dict[str, set[str]]


def contents(home: Path) -> Contents:
    """What there is, each thing with whatever makes it another one."""
    return {
        "binaries": _artifacts(home, "binaries", "sha256"),
        "images": _artifacts(home, "images", "digest"),
        "base images": _entries(home / "images"),
        "sets of unpacked images": _entries(home / "prefilled"),
    }


def difference(before: Contents, after: Contents) -> list[str]:
    """What is new, e.g. ["17 binaries", "base image trixie-0c8e"]."""
    new = {kind: sorted(name.partition("@")[0] for name in after[kind] - before[kind]) for kind in after}
    return [_phrase(kind, names) for kind, names in new.items() if names]


def _phrase(kind: str, names: list[str]) -> str:
    if len(names) > 3:
        return f"{len(names)} {kind}"
    return f"{kind if len(names) > 1 else _singular(kind)} {', '.join(names)}"


def _singular(kind: str) -> str:
    return {"binaries": "binary", "sets of unpacked images": "unpacked images"}.get(kind, kind.removesuffix("s"))


def _artifacts(home: Path, kind: str, digest: str) -> set[str]:
    try:
        manifest = json.loads((home / "bundle/bundle.json").read_text())
    except (OSError, ValueError):
        return set()
    return {f"{name}@{fields[digest]}" for name, fields in manifest[kind].items()}


def _entries(directory: Path) -> set[str]:
    """Finished ones: what is being made has a name of its own."""
    if not directory.is_dir():
        return set()
    return {path.name for path in directory.iterdir() if path.suffix not in (".building", ".partial")}
