"""A lane: a protocol and a port over which this run's packets go, in the form that the real ones have."""

from __future__ import annotations

from typing import Any, NamedTuple

from .tag import SIZE, Tag, pack

_IP = {4: 20, 6: 40}
_UDP = 8


class ProbeLane(NamedTuple):
    """`protocol` is tcp, udp or an IP protocol's number as text; `shape` are the bytes before the tag, as the mode's
    own packets begin."""

    number: int
    protocol: str
    port: int
    shape: bytes

    @property
    def is_datagram(self) -> bool:
        return self.protocol != "tcp"

    def headers(self, version: int) -> int:
        """Bytes before the payload."""
        return _IP[version] + (_UDP if self.protocol == "udp" else 0)

    def packet(self, run: bytes, tag: Tag, version: int) -> bytes:
        """The payload of a packet of `tag.size` bytes, headers counted; no smaller than tag and shape."""
        payload = self.shape + pack(run, tag)
        return payload.ljust(tag.size - self.headers(version), b"\0")

    def smallest(self, version: int) -> int:
        return self.headers(version) + len(self.shape) + SIZE


def lanes_of(plan: dict[str, Any]) -> list[ProbeLane]:
    return [
        ProbeLane(i, protocol, port, bytes.fromhex(shape)) for i, (protocol, port, shape) in enumerate(plan["lanes"])
    ]
