"""A backup as one archive: every file with its checksum, and of which cluster, version and host it is."""

from __future__ import annotations

import io
import json
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from .etcd_snapshot import whole

ETCD = "etcd.db"
PKI = "pki/"
"""The authorities and their keys are below; those of single hosts kubeadm makes anew."""
MANIFESTS = "manifests/"
NEEDED = (ETCD, f"{PKI}ca.crt", f"{PKI}sa.key", f"{PKI}sa.pub")
_CONTENTS = "backup.json"
_ABOUT = ("cluster", "endpoint", "kubernetes", "etcd", "host")
_FORMAT = 1


@dataclass(frozen=True)
class Backup:
    """`kubernetes` and `etcd` are versions ("v1.37.2", "3.7.0-0"), `host` the one it was taken from, `made` UTC;
    `files` are by name. Their content, which has every secret of the cluster, is in no `repr`.
    """

    cluster: str
    endpoint: str
    kubernetes: str
    etcd: str
    host: str
    made: datetime
    files: Mapping[str, bytes] = field(repr=False)

    def __str__(self) -> str:
        return f"{self.cluster} of {self.made:%Y-%m-%d %H:%M} UTC, Kubernetes {self.kubernetes}, etcd {self.etcd}"


def packed(backup: Backup) -> bytes:
    """The archive, tar with gzip."""
    contents = {
        "format": _FORMAT,
        **{name: getattr(backup, name) for name in _ABOUT},
        "made": backup.made.isoformat(),
        "sha256": {name: sha256(data).hexdigest() for name, data in backup.files.items()},
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in {_CONTENTS: json.dumps(contents, indent=1).encode(), **backup.files}.items():
            add(archive, name, data, mode=0o600, modified=int(backup.made.timestamp()))
    return buffer.getvalue()


def add(archive: tarfile.TarFile, name: str, data: bytes, *, mode: int, modified: int = 0) -> None:
    """Add a file to an archive; `modified` is in seconds since 1970."""
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = len(data), mode, modified
    archive.addfile(member, io.BytesIO(data))


def unpacked(data: bytes) -> Backup:
    """What is in an archive, each file held against its checksum, and etcd's data against its own.

    :raises ValueError: with the reason why it is not a whole backup.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            files = {m.name: _content(archive, m) for m in archive.getmembers() if m.isreg()}
        contents = json.loads(files.pop(_CONTENTS))
        if contents["format"] != _FORMAT:
            raise ValueError(f"its format is {contents['format']}; this version of Underlay reads {_FORMAT}")
        sums = contents["sha256"]
        backup = Backup(
            **{n: str(contents[n]) for n in _ABOUT}, made=datetime.fromisoformat(contents["made"]), files=files
        )
    except (tarfile.TarError, zlib.error, EOFError, OSError, KeyError, TypeError, json.JSONDecodeError):
        raise ValueError("it is no backup, or not all of one") from None
    if wrong := sorted(n for n in {*sums, *files} if sums.get(n) != sha256(files.get(n, b"")).hexdigest()):
        raise ValueError(f"{wrong[0]} is not what was written")
    if missing := [n for n in NEEDED if n not in files]:
        raise ValueError(f"{missing[0]} is missing")
    whole(files[ETCD])
    return backup


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    assert file is not None
    return file.read()
