"""Snapshots as etcd's HTTP API sends them: whole, or refused with the reason."""

from __future__ import annotations

import base64
import json
from hashlib import sha256

import pytest

from underlay.backup.etcd_snapshot import snapshot

DATA = b"pages of bbolt" * 4096
WHOLE = DATA + sha256(DATA).digest()


def parts(content: bytes, size: int = 32 * 1024) -> list[str]:
    """As grpc-gateway writes a stream: an object for each message, int64 as text, no field that is empty."""
    lines = []
    for start in range(0, len(content), size):
        left = len(content) - start - size
        header = {"cluster_id": "14841639068965178418", "member_id": "10276657743932975437", "revision": "9"}
        result = {"header": header, **({"remaining_bytes": str(left)} if left > 0 else {})}
        lines.append(
            json.dumps({"result": {**result, "blob": base64.b64encode(content[start : start + size]).decode()}})
        )
    return [*lines, ""]


def test_what_is_whole_is_as_etcdutl_reads_it() -> None:
    assert snapshot(parts(WHOLE)) == WHOLE


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([], "etcd has sent nothing"),
        (parts(WHOLE)[:-2], "it was cut short"),
        (parts(WHOLE[:-1]), "it was cut short"),
        ([parts(WHOLE)[0][:-3]], "cannot be read"),
        (["<html>502 Bad Gateway</html>"], "cannot be read"),
        (["[]"], "cannot be read"),
        # As etcd answers a client without the right certificate.
        (['{"error":{"code":7,"message":"etcdserver: permission denied","details":[]}}'], "permission denied"),
    ],
)
def test_what_is_not_is_refused(lines: list[str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        snapshot(lines)
