"""The lock of a site, beside its inventory: what was once trusted, so that nothing else is installed later."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from .blobs import write_atomically
from .error import ArtifactError, ArtifactErrors
from .lock import ChartPin

_Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]


@dataclass(frozen=True, kw_only=True)
class SiteLock:
    """`files` is host/path -> sha256, `charts` repository/name@version -> its file, `images` reference -> the digest
    (sha256:…) of its index."""

    files: Mapping[str, str] = field(default_factory=dict)
    charts: Mapping[str, ChartPin] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)

    def merged(self, found: SiteLock, *, path: Path) -> SiteLock:
        """Return this lock with what was found added.

        :param path: the file that has this lock.
        :raises ArtifactErrors: for every entry that has another value already, with both.
        """
        if problems := self.differences(found, path=path):
            raise ArtifactErrors(problems)
        return SiteLock(
            files={**self.files, **found.files},
            charts={**self.charts, **found.charts},
            images={**self.images, **found.images},
        )

    def differences(self, found: SiteLock, *, path: Path, by: str = "now") -> list[str]:
        """Return a line for every entry of both locks with two values; `by` is whose the other one is."""
        pairs = [
            *_both(self.files, found.files),
            *((key, mine.sha256, other.sha256) for key, mine, other in _both(self.charts, found.charts)),
            *_both(self.images, found.images),
        ]
        return [
            f"{path}: {key} has changed (locked {mine}, {by} {other}); find out who changed it and why: a release is "
            "published once. To trust it, remove the entry"
            for key, mine, other in pairs
            if mine != other
        ]


def _both(mine: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    return ((key, mine[key], other[key]) for key in sorted(mine.keys() & other.keys()))


def site_lock_of(inventory: str) -> Path:
    """Return where the lock of an inventory is: mine.lock.json beside mine.py.

    Inventories that are no file (`@connector/…`) share underlay.lock.json in the current directory.
    """
    path = Path(inventory)
    return path.with_suffix(".lock.json") if path.suffix == ".py" else Path("underlay.lock.json")


def read_site_lock(path: Path) -> SiteLock:
    """Return the content of a site's lock; an empty one where there is no file yet.

    :raises ArtifactError: when it cannot be read, or is not a lock.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return SiteLock()
    except (OSError, UnicodeDecodeError) as error:
        raise ArtifactError(str(path), "cannot be read", found=str(error)) from None
    remedy = "take it from your version control; without the file all is trusted anew"
    try:
        document = _Document.model_validate(json.loads(text))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ArtifactError(
            str(path), "is not a lock", found=f"{where or 'content'}: {first['msg']}", remedy=remedy
        ) from None
    except ValueError as error:
        raise ArtifactError(str(path), "is not a lock", found=str(error), remedy=remedy) from None
    charts = {key: ChartPin(pin.path, pin.sha256) for key, pin in document.charts.items()}
    return SiteLock(files=document.files, charts=charts, images=document.images)


def record(path: Path, found: SiteLock) -> SiteLock:
    """Add what was found to a site's lock, whole or not at all; return its content. It is not written without need.

    :raises ArtifactErrors: for every entry that has another value already; the file is unchanged.
    :raises ArtifactError: when it cannot be read or written.
    """
    before = read_site_lock(path)
    if before.merged(found, path=path) == before:
        return before
    try:
        with _exclusive(path.parent):
            # Another run may have written it meanwhile.
            after = read_site_lock(path).merged(found, path=path)
            write_atomically(path, _dump(after))
    except OSError as error:
        raise ArtifactError(
            str(path), "cannot be written", found=error.strerror or str(error), remedy="make its directory writable"
        ) from None
    return after


@contextmanager
def _exclusive(directory: Path) -> Iterator[None]:
    """Hold the lock of a directory for the moment of a write."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _dump(lock: SiteLock) -> str:
    document = {
        "format": 1,
        "files": dict(sorted(lock.files.items())),
        "charts": {key: asdict(pin) for key, pin in sorted(lock.charts.items())},
        "images": dict(sorted(lock.images.items())),
    }
    return json.dumps(document, indent=2) + "\n"


class _Pin(BaseModel):
    model_config = ConfigDict(extra="forbid")

    path: str
    sha256: _Sha256


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: Literal[1]
    files: dict[str, _Sha256] = {}
    charts: dict[str, _Pin] = {}
    images: dict[str, _Digest] = {}
