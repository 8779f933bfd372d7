"""The tag in every datagram of a run: whose it is, over which lane it came, and how large it was."""

from __future__ import annotations

import struct
from typing import NamedTuple

MAGIC = b"UlPb"
ASK, ANSWER = 1, 2
_TAG = struct.Struct(">4s4sBHBH")
_SEEN = struct.Struct(">B4s")
SIZE = _TAG.size + _SEEN.size


class Tag(NamedTuple):
    """`size` is the whole IP packet's in bytes; `ttl` and `source` are what the far end saw of it (in an answer)."""

    kind: int
    sender: int
    lane: int
    size: int
    ttl: int = 0
    source: bytes = b"\0\0\0\0"


def pack(run: bytes, tag: Tag) -> bytes:
    """The tag's bytes; `run` are the four of this run."""
    return _TAG.pack(MAGIC, run, tag.kind, tag.sender, tag.lane, tag.size) + _SEEN.pack(tag.ttl, tag.source)


def unpack(run: bytes, data: bytes) -> Tag | None:
    """The tag in a payload, wherever it begins; None for a packet that is not of this run."""
    at = data.find(MAGIC + run)
    if at < 0 or len(data) < at + SIZE:
        return None
    _, _, kind, sender, lane, size = _TAG.unpack_from(data, at)
    ttl, source = _SEEN.unpack_from(data, at + _TAG.size)
    return Tag(kind, sender, lane, size, ttl, source)
