"""What a cluster is installed from: commands, images and charts, and the source that supplies them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class TrustedFile:
    """A file that is downloaded: host/path, what it has to be, and who says so; `arch` is None where all need it."""

    path: str
    sha256: str
    by: str
    arch: str | None = None


@dataclass(frozen=True, kw_only=True)
class BinaryArtifact:
    """A command: the file of this `sha256` at `url`, or at `blob` on this machine.

    With `member` that file is a .tar.gz, and the command is its member of this name. `size` in bytes.
    """

    name: str
    version: str
    arch: str
    sha256: str
    size: int | None = None
    url: str | None = None
    member: str | None = None
    blob: Path | None = None


@dataclass(frozen=True, kw_only=True)
class LocalBlob:
    """A file of an image, on this machine; `size` in bytes."""

    sha256: str
    size: int
    path: Path


@dataclass(frozen=True, kw_only=True)
class ImageArtifact:
    """An image under its full name.

    With `blobs` (manifest, config, layers, in this order) it is imported, and `digest` is its manifest's. Without, it
    is pulled, by `digest` (its index's) where one is known, from `registry` if that is set (the URL of a mirror of the
    image's own registry).
    """

    ref: str
    digest: str | None = None
    blobs: tuple[LocalBlob, ...] = ()
    registry: str | None = None


@dataclass(frozen=True, kw_only=True)
class ChartArtifact:
    """A Helm chart, one .tgz of this `sha256`: downloaded from `url` or copied from `blob`, a file on this machine.

    `registry` is the name of the registry whose content is had from another one, perhaps with a user.
    """

    name: str
    version: str
    sha256: str
    url: str | None = None
    blob: Path | None = None
    registry: str | None = None


class Source(Protocol):
    """Where artifacts come from.

    Every method raises ArtifactError for an artifact that the source does not have. `architectures` are those that it
    may have commands for, `trusted` the files that are downloaded, and who says what they have to be.
    """

    @property
    def architectures(self) -> tuple[str, ...]: ...
    @property
    def trusted(self) -> tuple[TrustedFile, ...]: ...

    def binary(self, name: str, version: str, arch: str = "amd64") -> BinaryArtifact:
        """Return a command of the catalog; `version` with or without the leading v."""
        ...

    def image(self, name: str, version: str, arch: str = "amd64") -> ImageArtifact:
        """Return an image of the catalog by its short name; `version` is its component's."""
        ...

    def chart(self, name: str, version: str, repository: str) -> ChartArtifact:
        """Return a Helm chart of exactly this version; `repository` is a URL, https:// or oci://, without the name."""
        ...
