"""A backup is whole, or refused with the reason."""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count

import pytest

from underlay.backup.archive import Backup, packed, unpacked

PAGES = b"pages of bbolt" * 4096
FILES = {
    "etcd.db": PAGES + sha256(PAGES).digest(),
    "pki/ca.crt": b"a certificate",
    "pki/ca.key": b"its key",
    "pki/sa.key": b"a key",
    "pki/sa.pub": b"its other half",
    "project/site.py": b"hosts = []",
}
BACKUP = Backup(
    *("site", "192.0.2.1:6443", "v1.37.2", "3.7.0-0", "cp-1"),
    made=datetime(2026, 12, 1, 9, 30, tzinfo=UTC),
    files=FILES,
)


def changed(change: Callable[[dict[str, bytes]], object]) -> bytes:
    """The archive with its members changed."""
    with tarfile.open(fileobj=io.BytesIO(packed(BACKUP)), mode="r:gz") as archive:
        members = {m.name: archive.extractfile(m).read() for m in archive.getmembers()}  # type: ignore[union-attr]
    change(members)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def another_format(members: dict[str, bytes]) -> None:
    members["backup.json"] = json.dumps(json.loads(members["backup.json"]) | {"format": 2}).encode()


def half_of_etcd(members: dict[str, bytes]) -> None:
    half = members["etcd.db"][:1000]
    contents = json.loads(members["backup.json"])
    contents["sha256"]["etcd.db"] = sha256(half).hexdigest()
    members |= {"etcd.db": half, "backup.json": json.dumps(contents).encode()}


def without_the_key_of_tokens(members: dict[str, bytes]) -> None:
    contents = json.loads(members["backup.json"])
    del contents["sha256"]["pki/sa.key"], members["pki/sa.key"]
    members["backup.json"] = json.dumps(contents).encode()


def test_what_is_read_is_what_was_written() -> None:
    assert unpacked(packed(BACKUP)) == BACKUP
    assert str(BACKUP) == "site of 2026-12-01 09:30 UTC, Kubernetes v1.37.2, etcd 3.7.0-0"


def test_no_secret_is_in_what_a_log_would_print() -> None:
    assert "its key" not in repr(BACKUP)


def test_ordinary_tar_reads_it_and_keeps_it_private() -> None:
    with tarfile.open(fileobj=io.BytesIO(packed(BACKUP)), mode="r:gz") as archive:
        assert {m.mode for m in archive.getmembers()} == {0o600}
        assert archive.getnames() == ["backup.json", *FILES]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is no backup, or not all of one"),
        (b"\x1f\x8bnothing", "it is no backup, or not all of one"),
        (packed(BACKUP)[:-40], "it is no backup, or not all of one"),
        (changed(lambda m: m.pop("backup.json")), "it is no backup, or not all of one"),
        (changed(lambda m: m.pop("etcd.db")), "etcd.db is not what was written"),
        (changed(lambda m: m.update({"pki/ca.key": b"another"})), "pki/ca.key is not what was written"),
        (changed(lambda m: m.update({"more": b""})), "more is not what was written"),
        (changed(another_format), "its format is 2; this version of Underlay reads 1"),
        (changed(half_of_etcd), "the checksum of etcd's data is not that of its content; it was cut short"),
        (changed(without_the_key_of_tokens), "pki/sa.key is missing"),
    ],
    ids=count(),
)
def test_what_is_not_whole_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}$"):
        unpacked(data)
