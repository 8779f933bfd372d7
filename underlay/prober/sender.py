"""The sending side: probes every lane to every peer in parallel, and the path MTU with the same packets."""

from __future__ import annotations

import errno
import selectors
import socket
import struct
import time
from collections import deque
from typing import Any

from .lanes import ProbeLane, lanes_of
from .path_mtu import PathMtuSearch
from .sockets import datagram, family_of, receive, refusals, set_ttl
from .tag import REPLY, REQUEST, Tag, unpack
from .words import OPEN, SILENT, TTL

_SENDS = (0.0, 0.4, 1.0)
# The kernel retransmits a lost SYN after a second.
_TIMEOUT = 2.4
# Packets that are sent before replies are read.
_BURST = 48
_ABORT = struct.pack("ii", 1, 0)
_REFUSED = {errno.ECONNREFUSED: "refused", errno.EHOSTUNREACH: "unreachable", errno.ENETUNREACH: "unreachable"}


class Sender:
    """Probes of one host to all its peers; `plan["peers"]` is number -> address, times are seconds since the start."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self._run, self._me, self._address = bytes.fromhex(plan["run"]), plan["me"], plan["address"]
        self._version = 6 if ":" in self._address else 4
        self._lanes = lanes_of(plan)
        self._peers: dict[int, str] = {int(n): a for n, a in plan["peers"].items()}
        self._number = {address: n for n, address in self._peers.items()}
        self._selector = selectors.DefaultSelector()
        self._sockets: dict[str, socket.socket] = {}
        self._began = time.monotonic()
        self._state: dict[tuple[int, int], str] = {}
        self._ports: dict[tuple[int, int], int] = {}
        self._measured: dict[int, dict[str, Any]] = {}
        self._sent: dict[tuple[int, int], float] = {}
        self._packets: dict[int, int] = dict.fromkeys(self._peers, 0)
        self._paths: dict[int, PathMtuSearch] = {}
        self._carrier: dict[int, ProbeLane] = {}
        self._queue: deque[tuple[float, int, int]] = deque()
        self._connecting: dict[socket.socket, tuple[int, int]] = {}
        self._plan(plan)

    def _plan(self, plan: dict[str, Any]) -> None:
        """Queue the probes; each host starts at another peer, so that no peer is probed by all at once."""
        for lane, peers in ((self._lanes[int(n)], p) for n, p in plan["send"].items()):
            for peer in sorted(peers, key=lambda p: (p < self._me, p)):
                self._state[peer, lane.number] = SILENT
                if lane.number in plan["carriers"] and peer not in self._paths:
                    self._paths[peer], self._carrier[peer] = PathMtuSearch(plan["ceiling"]), lane
                else:
                    sends = _SENDS if lane.is_datagram else (0.0,)
                    self._queue += ((after, peer, lane.number) for after in sends)
        self._queue = deque(sorted(self._queue, key=lambda item: item[0]))

    def run(self) -> dict[int, dict[str, Any]]:
        """Probe until all lanes and paths are known, or the timeout ends; return the results (see _results)."""
        try:
            while (now := self._now()) < _TIMEOUT or not all(p.done for p in self._paths.values()):
                self._send_due(now)
                self._receive(self._idle(now))
                if self._finished():
                    break
            self._find_hops()
            return self._results()
        finally:
            for made in [*self._sockets.values(), *self._connecting]:
                made.close()
            self._selector.close()

    def _now(self) -> float:
        return time.monotonic() - self._began

    def _finished(self) -> bool:
        waiting = any(
            s == SILENT for (p, n), s in self._state.items() if p not in self._carrier or self._carrier[p].number != n
        )
        return not waiting and all(p.done for p in self._paths.values())

    def _idle(self, now: float) -> float:
        """Return how long nothing is to be sent."""
        times = [p.wake() for p in self._paths.values() if not p.done]
        times += [self._queue[0][0]] if self._queue else []
        return max(0.0, min([*times, now + 0.2]) - now)

    def _send_due(self, now: float) -> None:
        sent = 0
        while self._queue and self._queue[0][0] <= now:
            _, peer, number = self._queue.popleft()
            if self._state[peer, number] != SILENT:
                continue
            lane = self._lanes[number]
            if lane.is_datagram:
                self._request(lane, peer, lane.smallest(self._version))
            else:
                self._connect(lane, peer)
            sent += 1
            if sent % _BURST == 0:
                self._receive(0)
        for peer, path in self._paths.items():
            for size in () if path.done else path.due(now):
                self._request(self._carrier[peer], peer, size)
                sent += 1
                if sent % _BURST == 0:
                    self._receive(0)

    def _request(self, lane: ProbeLane, peer: int, size: int) -> None:
        packet = lane.packet(self._run, Tag(REQUEST, self._me, lane.number, size), self._version)
        self._sent.setdefault((peer, lane.number), self._now())
        self._packets[peer] += 1
        where = (self._peers[peer], lane.port if lane.protocol == "udp" else 0)
        # sendto can fail once with the error of an earlier packet.
        for last in (False, True):
            try:
                self._socket(lane).sendto(packet, where)
                return
            except OSError as error:
                if last:
                    self._failed(peer, lane.number, error.errno or 0)

    def _socket(self, lane: ProbeLane) -> socket.socket:
        if lane.protocol not in self._sockets:
            made = datagram(lane.protocol, self._address)
            self._sockets[lane.protocol] = made
            self._selector.register(made, selectors.EVENT_READ, lane.protocol)
        return self._sockets[lane.protocol]

    def _failed(self, peer: int, number: int, code: int) -> None:
        if code == errno.EMSGSIZE:
            return
        if self._state[peer, number] == SILENT:
            self._state[peer, number] = _REFUSED.get(code, errno.errorcode.get(code, str(code)))

    def _connect(self, lane: ProbeLane, peer: int) -> None:
        made = socket.socket(family_of(self._address), socket.SOCK_STREAM)
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        self._packets[peer] += 2
        self._sent[peer, lane.number] = self._now()
        try:
            made.bind((self._address, 0))
            code = made.connect_ex((self._peers[peer], lane.port))
        except OSError as error:
            code = error.errno or 0
        if code not in (0, errno.EINPROGRESS):
            self._failed(peer, lane.number, code)
            made.close()
            return
        self._connecting[made] = (peer, lane.number)
        self._selector.register(made, selectors.EVENT_WRITE, None)

    def _receive(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            made = key.fileobj
            assert isinstance(made, socket.socket)
            if made in self._connecting:
                self._connected(made)
            else:
                self._errors(key.data, made)
                self._replies(made)

    def _connected(self, made: socket.socket) -> None:
        peer, number = self._connecting.pop(made)
        self._selector.unregister(made)
        code = made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code == 0:
            self._state[peer, number] = OPEN
            self._ports[peer, number] = made.getsockname()[1]
            self._packets[peer] += 2
            self._note(peer, number)
        else:
            self._failed(peer, number, code)
        made.close()

    def _note(self, peer: int, number: int) -> dict[str, Any]:
        """Return the measurements of a peer; the first reply sets the round-trip time."""
        known = self._measured.setdefault(peer, {})
        known.setdefault("rtt", round((self._now() - self._sent[peer, number]) * 1000, 2))
        return known

    def _replies(self, made: socket.socket) -> None:
        while (got := receive(made)) is not None:
            tag = unpack(self._run, got.data)
            peer = self._number.get(got.source)
            if tag is None or peer is None or tag.kind != REPLY or tag.sender != self._me:
                continue
            if (peer, tag.lane) not in self._state:
                continue
            self._state[peer, tag.lane] = OPEN
            known = self._note(peer, tag.lane)
            known["ttl"] = tag.ttl
            if self._version == 4:
                known["seen_as"] = socket.inet_ntoa(tag.source)
            if peer in self._paths and self._carrier[peer].number == tag.lane:
                self._paths[peer].passed(tag.size)

    def _errors(self, protocol: str, made: socket.socket) -> None:
        for refusal in refusals(made):
            peer = self._number.get(refusal.peer)
            if peer is None:
                continue
            if refusal.mtu:
                if peer in self._paths:
                    self._paths[peer].limited(refusal.mtu, self._now())
                    self._measured.setdefault(peer, {})["limited_by"] = refusal.offender
                continue
            for lane in self._lanes:
                if lane.protocol == protocol and lane.port in (refusal.port, 0) and (peer, lane.number) in self._state:
                    self._failed(peer, lane.number, refusal.number)
                    self._measured.setdefault(peer, {}).setdefault("refused_by", refusal.offender)
                    if peer in self._paths and self._carrier[peer].number == lane.number:
                        self._paths[peer].done = True

    def _find_hops(self) -> None:
        """Find the router to peers on other segments: a packet with TTL 1 is returned by it."""
        far = [p for p, known in self._measured.items() if known.get("ttl", TTL) < TTL and p in self._carrier]
        if not far:
            return
        lane = self._carrier[far[0]]
        made = self._socket(lane)
        set_ttl(made, 1)
        for peer in far:
            self._request(lane, peer, lane.smallest(self._version))
        until = self._now() + 0.5
        while self._now() < until and any("hop" not in self._measured[p] for p in far):
            self._selector.select(0.1)
            for refusal in refusals(made):
                peer = self._number.get(refusal.peer, -1)
                if peer in self._measured and refusal.number == errno.EHOSTUNREACH:
                    self._measured[peer]["hop"] = refusal.offender
            while receive(made) is not None:
                continue

    def _results(self) -> dict[int, dict[str, Any]]:
        """Return peer -> its measurements, and `shut`, the lanes that are not open with their state.

        `sizes` is [largest, MTU reported by a router], in bytes; `rtt` is in milliseconds; `ports` is lane -> local
        port of its TCP connection.
        """
        results: dict[int, dict[str, Any]] = {}
        for peer, packets in self._packets.items():
            path = self._paths.get(peer)
            sizes = [path.largest, path.reported] if path else [0, 0]
            measured = self._measured.get(peer, {})
            results[peer] = {**measured, "packets": packets, "sizes": sizes, "shut": {}, "ports": {}}
        for (peer, number), state in self._state.items():
            if state != OPEN:
                results[peer]["shut"][number] = state
        for (peer, number), port in self._ports.items():
            results[peer]["ports"][number] = port
        return results
