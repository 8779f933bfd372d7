"""Lanes: the protocols and ports that are probed, with packets shaped like the real ones."""

from __future__ import annotations

from typing import Any, NamedTuple

from .tag import SIZE, Tag, pack

_IP = {4: 20, 6: 40}
_UDP = 8


class ProbeLane(NamedTuple):
    """A protocol and a port.

    `protocol` is tcp, udp or the number of an IP protocol as text; `shape` is the beginning of the mode's own packets,
    which stands before the tag.
    """

    number: int
    protocol: str
    port: int
    shape: bytes

    @property
    def is_datagram(self) -> bool:
        """Whether packets are sent without a connection."""
        return self.protocol != "tcp"

    def headers(self, version: int) -> int:
        """Return the bytes of headers before the payload; `version` is 4 or 6."""
        return _IP[version] + (_UDP if self.protocol == "udp" else 0)

    def packet(self, run: bytes, tag: Tag, version: int) -> bytes:
        """Return the payload of an IP packet of `tag.size` bytes in total, or of the smallest one that fits."""
        payload = self.shape + pack(run, tag)
        return payload.ljust(tag.size - self.headers(version), b"\0")

    def smallest(self, version: int) -> int:
        """Return the size in bytes of the smallest IP packet with shape and tag."""
        return self.headers(version) + len(self.shape) + SIZE


def lanes_of(plan: dict[str, Any]) -> list[ProbeLane]:
    """Return the lanes of a plan: `[protocol, port, shape in hex]` for each."""
    return [
        ProbeLane(i, protocol, port, bytes.fromhex(shape)) for i, (protocol, port, shape) in enumerate(plan["lanes"])
    ]
