"""The tag in every datagram of a run: its sender, its lane and its size."""

from __future__ import annotations

import struct
from typing import NamedTuple

MAGIC = b"UlPb"
REQUEST, REPLY = 1, 2
_TAG = struct.Struct(">4s4sBHBH")
_OBSERVED = struct.Struct(">B4s")
SIZE = _TAG.size + _OBSERVED.size


class Tag(NamedTuple):
    """`kind` is REQUEST or REPLY; `size` is the IP packet's in bytes; in a reply, `ttl` and `source` (IPv4) are those
    that the peer observed."""

    kind: int
    sender: int
    lane: int
    size: int
    ttl: int = 0
    source: bytes = b"\0\0\0\0"


def pack(run: bytes, tag: Tag) -> bytes:
    """Return the tag's bytes; `run` are four bytes that identify the run."""
    return _TAG.pack(MAGIC, run, tag.kind, tag.sender, tag.lane, tag.size) + _OBSERVED.pack(tag.ttl, tag.source)


def unpack(run: bytes, data: bytes) -> Tag | None:
    """Return the tag in a payload, at any offset; None for a packet that is not of this run."""
    at = data.find(MAGIC + run)
    if at < 0 or len(data) < at + SIZE:
        return None
    _, _, kind, sender, lane, size = _TAG.unpack_from(data, at)
    ttl, source = _OBSERVED.unpack_from(data, at + _TAG.size)
    return Tag(kind, sender, lane, size, ttl, source)
