"""The parts of the picture of a cluster, placed in pixels; templates/svg/topology.svg draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Characters that fit into a box.
FITS = 22


def cut(words: str, most: int = FITS) -> str:
    return words if len(words) <= most else words[: most - 1] + "…"


@dataclass(frozen=True)
class TopologyHost:
    """A host by the upper left corner of its box; `kind` is router or node, `failed` how many of its checks failed."""

    x: int
    y: int
    kind: str
    name: str
    address: str
    role: str
    note: str
    failed: int


@dataclass(frozen=True)
class TopologyRack:
    """A rack by the left edge of its frame and that of its boxes; `more` says how many hosts are not drawn."""

    x: int
    box_x: int
    title: str
    hosts: Sequence[TopologyHost]
    more: str


@dataclass(frozen=True)
class SessionEnd:
    """Where a session meets a node's box."""

    y: int
    established: bool


@dataclass(frozen=True)
class Rail:
    """The line at `x` that joins a router's box, left at height `start`, with the boxes of its peers."""

    x: int
    box_x: int
    start: int
    ends: Sequence[SessionEnd]

    @property
    def lowest(self) -> int:
        return max(end.y for end in self.ends)


@dataclass(frozen=True)
class ConnectionBox:
    """The box of a connection by its upper edge; `look` is its class, such as `tunnel bad`."""

    y: int
    look: str
    text: str


@dataclass(frozen=True)
class ConnectionLine:
    """The line at `x` from the box of a connection, `near`, to its hosts, at their heights."""

    look: str
    x: int
    box_x: int
    far: int
    near: int
    hosts: Sequence[int]
