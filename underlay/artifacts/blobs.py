"""A content-addressed store: files named by their sha256, written completely or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO


@dataclass(frozen=True)
class Blob:
    """A stored file: `sha256` in hex, `size` in bytes."""

    sha256: str
    size: int

    @property
    def digest(self) -> str:
        """The name the OCI formats use."""
        return f"sha256:{self.sha256}"


class BlobStore:
    """The blobs/sha256 directory of an OCI image layout."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.directory = root / "blobs" / "sha256"

    def path(self, sha256: str) -> Path:
        """Return the path of a blob, whether it is stored or not."""
        return self.directory / sha256

    def holds(self, blob: Blob) -> bool:
        """Return whether the blob is stored at its full size; `underlay bundle --verify` checks its content."""
        try:
            return self.path(blob.sha256).stat().st_size == blob.size
        except FileNotFoundError:
            return False

    @contextmanager
    def writing(self) -> Iterator[HashingWriter]:
        """Yield a writer; what is written becomes a blob when the block ends without an exception."""
        self.directory.mkdir(parents=True, exist_ok=True)
        fd, name = tempfile.mkstemp(prefix=".tmp-", dir=self.directory)
        try:
            with os.fdopen(fd, "wb") as raw:
                writer = HashingWriter(raw)
                yield writer
                raw.flush()
                os.fchmod(raw.fileno(), 0o644)
                os.fsync(raw.fileno())
            Path(name).replace(self.path(writer.blob.sha256))
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def add_bytes(self, content: bytes) -> Blob:
        """Store a small document."""
        with self.writing() as writer:
            writer.write(content)
        return writer.blob

    def add_file(self, path: Path) -> Blob:
        """Store a copy of a file."""
        with self.writing() as writer, path.open("rb") as source:
            shutil.copyfileobj(source, writer, 1 << 20)
        return writer.blob

    def names(self) -> set[str]:
        """Return every file name in the store, including leftovers of killed runs."""
        return {p.name for p in self.directory.iterdir()} if self.directory.is_dir() else set()


class HashingWriter:
    """A binary file that computes the digest of what is written through it."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._hash = hashlib.sha256()
        self._size = 0

    def write(self, data: bytes) -> int:
        """Write the bytes and add them to the digest."""
        self._hash.update(data)
        self._size += len(data)
        return self._raw.write(data)

    @property
    def blob(self) -> Blob:
        """The blob of everything written so far."""
        return Blob(self._hash.hexdigest(), self._size)


def sha256_of(path: Path) -> str:
    """Return a file's sha256 in hex, read in chunks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: Path, text: str) -> None:
    """Replace a file atomically: readers get the old text or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fd, name = tempfile.mkstemp(prefix=".tmp-", dir=path.parent)
    try:
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
