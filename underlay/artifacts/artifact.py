"""The words for what is installed from: a command, an image, a chart, and who gives them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Archive:
    """The file that a command is a member of, where it is downloaded in one."""

    sha256: str
    member: str


@dataclass(frozen=True, kw_only=True)
class Binary:
    """A command: `sha256` is the installed file's. Downloaded from `url` (out of `archive`, if that is set),
    or copied from `blob`, a file on this machine."""

    name: str
    version: str
    arch: str
    sha256: str
    size: int | None = None
    url: str | None = None
    archive: Archive | None = None
    blob: Path | None = None


@dataclass(frozen=True, kw_only=True)
class ImageBlob:
    """A file of an image on this machine."""

    sha256: str
    size: int
    path: Path


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image under its full name. With `blobs` (manifest, config, layers) it is imported; without, it is
    pulled, from `registry` if that is set (a URL that stands in for the image's own)."""

    ref: str
    digest: str | None = None
    blobs: tuple[ImageBlob, ...] = ()
    registry: str | None = None


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A Helm chart, one .tgz file of this `sha256`: downloaded from `url`, or copied from `blob`, a file on this
    machine."""

    name: str
    version: str
    sha256: str
    url: str | None = None
    blob: Path | None = None


class Source(Protocol):
    """Where artifacts come from; an artifact that is not there is an ArtifactError."""

    def binary(self, name: str, version: str, arch: str = "amd64") -> Binary:
        """Return a command of the catalog; `version` with or without the leading v."""
        ...

    def image(self, name: str, version: str, arch: str = "amd64") -> Image:
        """Return an image of the catalog by its short name; `version` is its component's."""
        ...

    def chart(self, name: str, version: str, repository: str) -> Chart:
        """Return a Helm chart of this very version; `repository` is a URL, https:// or oci://, without the name."""
        ...
