"""What a BGP speaker says of its sessions, whichever speaker it is, and how it is asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .cluster import Cluster
from .node import Node


@dataclass(frozen=True)
class NeighbourState:
    """One side's view of a session. Times in seconds; prefixes in CIDR notation.

    `received` are prefixes before any filter, `accepted` those in the table; both None where the speaker does not say.
    `established` counts since it started, `recently_established` the times in the last two minutes, but not before its
    configuration was written or its unit started, since a deploy resets sessions too. `ttl_security` is None where
    unknown.
    """

    state: str
    remote_as: int
    local_as: int
    up: float = 0.0
    established: int = 0
    recently_established: int = 0
    reason: str = ""
    ttl_security: bool | None = False
    bfd: str = ""
    sent: int = 0
    limit: int = 0
    received: frozenset[str] | None = frozenset()
    accepted: frozenset[str] | None = frozenset()

    @property
    def is_up(self) -> bool:
        return self.state == "Established"


@dataclass(frozen=True)
class View:
    """One host's sessions; `unsigned` segments were dropped for their signature; `trouble` is why there is no view.

    A speaker that `refuses_own_as` takes no prefixes of nodes of its own AS from a router.
    """

    router_id: str = ""
    neighbours: Mapping[str, NeighbourState] = field(default_factory=dict)
    unsigned: int = 0
    trouble: str = ""
    refuses_own_as: bool = False


@dataclass(frozen=True)
class Speaker:
    """The BGP speaker that a network plugin runs on nodes.

    `question` is shell for a node, `read` the view in its output. `prefixes` is shell for the first control-plane host
    that prints a node's name and its prefixes in each line. One that `lends` addresses of a node's block to other nodes
    announces each by a prefix of its own. `shared` are prefixes that every node may announce.
    """

    question: Callable[[Cluster, Node], str]
    read: Callable[[Cluster, Node, str], View]
    prefixes: str
    lends: bool = False
    shared: frozenset[str] = frozenset()


# Segments that the kernel dropped for their TCP MD5 signature (wrong, missing, or unexpected).
_MD5 = ("TCPMD5Failure", "TCPMD5NotFound", "TCPMD5Unexpected")
UNSIGNED = f"nstat -ajsz {' '.join(f'TcpExt{name}' for name in _MD5)}"
"""Shell that prints these counters since boot, as JSON."""


def unsigned_of(counters: Mapping[str, Mapping[str, int]]) -> int:
    """The segments in the output of UNSIGNED."""
    return sum(int(v) for v in counters.get("kernel", {}).values())


def json_documents(output: str) -> Iterator[dict[str, Any]]:
    """The JSON objects in an output, one after the other, up to one that breaks off."""
    decoder, position = json.JSONDecoder(), 0
    while (start := output.find("{", position)) >= 0:
        try:
            document, position = decoder.raw_decode(output, start)
        except ValueError:
            return
        yield document
