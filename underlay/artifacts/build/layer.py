"""Writes layers that are reproducible byte for byte."""

from __future__ import annotations

import io
import stat
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from underlay.artifacts.blobs import Blob, BlobStore


@dataclass
class Contents:
    """The content of a layer, by path in the image.

    `files` are files of this machine, `links` targets of symbolic links, `texts` contents, `directories` modes.
    """

    files: dict[str, Path] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    texts: dict[str, bytes] = field(default_factory=dict)
    directories: dict[str, int] = field(default_factory=dict)

    def entries(self) -> Iterator[tuple[tarfile.TarInfo, Path | bytes | None]]:
        """Yield the members of the tar, sorted by path: owned by root, without times, with all parent directories."""
        directories = {
            str(parent): 0o755
            for path in (*self.files, *self.links, *self.texts)
            for parent in Path(path).parents
            if str(parent) != "."
        } | self.directories
        for path in sorted({*self.files, *self.links, *self.texts, *directories}):
            info = tarfile.TarInfo(path)
            if path in self.files:
                source = self.files[path]
                info.size = source.stat().st_size
                info.mode = stat.S_IMODE(source.stat().st_mode)
                yield info, source
            elif path in self.texts:
                info.size, info.mode = len(self.texts[path]), 0o644
                yield info, self.texts[path]
            elif path in self.links:
                info.type, info.linkname, info.mode = tarfile.SYMTYPE, self.links[path], 0o777
                yield info, None
            else:
                info.type, info.mode = tarfile.DIRTYPE, directories[path]
                yield info, None


def write_layer(store: BlobStore, contents: Contents) -> Blob:
    """Store a layer, uncompressed, because hosts import it as fast as their disk writes."""
    with (
        store.writing() as writer,
        # tarfile needs only write() of the file below a stream
        tarfile.open(fileobj=writer, mode="w|", format=tarfile.PAX_FORMAT) as tar,  # type: ignore[call-overload]
    ):
        for info, source in contents.entries():
            if isinstance(source, Path):
                with source.open("rb") as file:
                    tar.addfile(info, file)
            else:
                tar.addfile(info, io.BytesIO(source) if source is not None else None)
    return writer.blob


def tree_contents(root: Path) -> Contents:
    """Read a directory tree as a layer's contents; devices and sockets are left out."""
    contents = Contents()
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if path.is_symlink():
            contents.links[name] = str(path.readlink())
        elif path.is_dir():
            contents.directories[name] = stat.S_IMODE(path.stat().st_mode)
        elif path.is_file():
            contents.files[name] = path
    return contents
