"""The receiving side: records which peers reach it on which lane, and replies to every datagram."""

from __future__ import annotations

import selectors
import socket
from typing import Any

from .lanes import ProbeLane, lanes_of
from .sockets import datagram, family_of, receive
from .tag import REPLY, REQUEST, Tag, pack, unpack

_BACKLOG = 512


class Listener:
    """Listens on the lanes of a plan; `taken` is lane number -> why it cannot be bound."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self._run = bytes.fromhex(plan["run"])
        self._address = plan["address"]
        self._selector = selectors.DefaultSelector()
        self._received: dict[tuple[int, int], list[Any]] = {}
        self._accepted: dict[tuple[int, str, int], int] = {}
        self.taken: dict[int, str] = {}
        lanes = lanes_of(plan)
        for number in plan["listen"]:
            self._open(lanes[number])

    def _open(self, lane: ProbeLane) -> None:
        try:
            if lane.is_datagram:
                made, serve = datagram(lane.protocol, self._address, lane.port), self._answer
            else:
                made, serve = _accepting(self._address, lane.port), self._accept
        except OSError as error:
            self.taken[lane.number] = error.strerror or type(error).__name__
            return
        self._selector.register(made, selectors.EVENT_READ, (serve, lane))

    def serve(self) -> None:
        """Wait for packets and connections, and serve them."""
        for key, _ in self._selector.select():
            serve, lane = key.data
            serve(key.fileobj, lane)

    def _answer(self, made: socket.socket, lane: ProbeLane) -> None:
        while (got := receive(made)) is not None:
            tag = unpack(self._run, got.data)
            if tag is None or tag.kind != REQUEST:
                continue
            note = self._received.setdefault((tag.sender, lane.number), [0, got.source, got.ttl, 0])
            note[0] += 1
            note[3] = max(note[3], tag.size)
            source = socket.inet_aton(got.source) if ":" not in got.source else b"\0\0\0\0"
            reply = Tag(REPLY, tag.sender, lane.number, tag.size, got.ttl, source)
            try:
                made.sendto(lane.shape + pack(self._run, reply), (got.source, got.port))
            except OSError:
                continue

    def _accept(self, made: socket.socket, lane: ProbeLane) -> None:
        while True:
            try:
                connection, peer = made.accept()
            except OSError:
                return
            connection.close()
            key = (lane.number, str(peer[0]), peer[1])
            self._accepted[key] = self._accepted.get(key, 0) + 1

    def close(self) -> None:
        """Close all sockets."""
        for key in list(self._selector.get_map().values()):
            assert isinstance(key.fileobj, socket.socket)
            key.fileobj.close()
        self._selector.close()

    def log(self) -> dict[str, Any]:
        """Return `heard`, rows of [sender, lane, packets, source, TTL, largest size], and `accepted`, rows of
        [lane, source, source port]."""
        return {
            "heard": [[sender, lane, *note] for (sender, lane), note in self._received.items()],
            "accepted": [list(key) for key in self._accepted],
        }


def _accepting(address: str, port: int) -> socket.socket:
    made = socket.socket(family_of(address), socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address, port))
        made.listen(_BACKLOG)
    except OSError:
        made.close()
        raise
    made.setblocking(False)
    return made
