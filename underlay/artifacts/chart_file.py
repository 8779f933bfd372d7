"""Reads the name and version of a downloaded Helm chart."""

from __future__ import annotations

import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import yaml

from .blobs import sha256_of
from .error import ArtifactError


@dataclass(frozen=True, kw_only=True)
class DownloadedChart:
    """A .tgz on this machine, with the name and version from its Chart.yaml; `size` in bytes."""

    path: Path
    name: str
    version: str
    sha256: str
    size: int


def read_chart(path: Path) -> DownloadedChart:
    """Read a chart completely.

    :raises ArtifactError: when the file is not a Helm chart, or truncated.
    """
    try:
        about = yaml.safe_load(_about(path))
        name, version = (str(about[key]) for key in ("name", "version"))
    except (OSError, EOFError, tarfile.TarError, zlib.error, yaml.YAMLError, KeyError, TypeError) as error:
        reason = str(error).splitlines()[0].strip("'\"") if str(error) else type(error).__name__
        raise ArtifactError(
            f"chart {path}", "is not a Helm chart", found=reason, remedy="give a .tgz as `helm pull` saves it"
        ) from None
    return DownloadedChart(path=path, name=name, version=version, sha256=sha256_of(path), size=path.stat().st_size)


def _about(path: Path) -> bytes:
    """The text of NAME/Chart.yaml; the whole archive is read, so that a truncated one is detected."""
    found = None
    with tarfile.open(path, mode="r:gz") as archive:
        for member in archive:
            if member.name.count("/") == 1 and member.name.endswith("/Chart.yaml"):
                file = archive.extractfile(member)
                found = file.read() if file else None
    if found is None:
        raise KeyError("it contains no Chart.yaml")
    return found
