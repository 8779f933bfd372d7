"""Shells on hosts for another process of ours, over the connections of this one: no second login, no second way.

The other process sends a host's name and one end of a socket pair, and has a shell at the other end.
"""

from __future__ import annotations

import socket
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pyinfra.api import Host, State
from pyinfra.context import ctx_host

from .access_error import AccessError, NoSession
from .connections import connect
from .conversation import Conversation, connection_of
from .privilege import begin_as_root, root_arguments
from .serve_script import SERVE

READY, SHARE, NO = b"ready\n", b"share\n", b"no "
"""The first line of a shell: it serves; the host grants no further one, so that another must do; or the reason."""
DESCRIPTOR = "UNDERLAY_SHELLS"
"""The environment variable that names the descriptor to ask at."""
_CHUNK = 1 << 16
_NAME = 1024
# Seconds for a process that the child has left behind.
_END_S = 5


class ShellServer:
    """Opens shells on the hosts of a state, for whoever has the other end of its socket."""

    def __init__(self, state: State, silent: dict[str, str]) -> None:
        """
        :param silent: hosts that were tried in vain, with the reasons; nobody waits for them again.
        """
        self._hosts: dict[str, Host] = {host.name: host for host in state.inventory}
        self._reasons = dict(silent)
        self._open: dict[str, int] = defaultdict(int)
        self._connecting: dict[str, threading.Lock] = defaultdict(threading.Lock)

    def serve(self, requests: socket.socket) -> None:
        """Until the other process closes its end."""
        while True:
            try:
                name, descriptors, _, _ = socket.recv_fds(requests, _NAME, 1)
            except OSError:
                return
            if not name:
                return
            lane = socket.socket(fileno=descriptors[0])
            threading.Thread(target=self._serve_one, args=(name.decode(), lane), daemon=True).start()

    def _serve_one(self, name: str, lane: socket.socket) -> None:
        with lane, suppress(OSError):
            try:
                conversation = self._begin(name)
            except NoSession as error:
                lane.sendall(SHARE if self._open[name] else NO + error.reason.encode() + b"\n")
                return
            except AccessError as error:
                lane.sendall(NO + error.reason.encode() + b"\n")
                return
            self._open[name] += 1
            try:
                _pass_on(conversation, lane)
            finally:
                self._open[name] -= 1
                conversation.channel.close()

    def _begin(self, name: str) -> Conversation:
        host = self._hosts[name]
        self._connect(host)
        try:
            return _served(host)
        except AccessError:
            if connection_of(host):
                raise
            # It was lost just now.
            self._connect(host)
            return _served(host)

    def _connect(self, host: Host) -> None:
        """Connect the host anew where its connection was lost; what that said is said to everybody after."""
        with self._connecting[host.name]:
            if reason := self._reasons.get(host.name):
                raise AccessError(host.name, reason)
            if not connection_of(host):
                try:
                    connect(host)
                except AccessError as error:
                    self._reasons[host.name] = error.reason
                    raise


@contextmanager
def shells(state: State, silent: dict[str, str]) -> Iterator[int]:
    """The descriptor at which a child process asks for shells; it has to be passed on to it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    server = threading.Thread(target=ShellServer(state, silent).serve, args=(ours,), daemon=True)
    server.start()
    try:
        yield theirs.fileno()
    finally:
        # The child has ended, and so nobody can ask any more.
        theirs.close()
        server.join(_END_S)
        ours.close()


def environment(descriptor: int) -> dict[str, str]:
    """What tells a child process where to ask."""
    return {DESCRIPTOR: str(descriptor)}


def _served(host: Host) -> Conversation:
    """A session in which the shell has begun to serve."""
    with ctx_host.use(host):
        conversation = begin_as_root(host, SERVE, root_arguments(host))
    if not conversation.read_line():
        _, _, errors = conversation.finish()
        raise AccessError(host.name, f"no shell runs there ({errors.decode(errors='replace').strip()}); make room")
    return conversation


def _pass_on(conversation: Conversation, lane: socket.socket) -> None:
    """Copy both ways until either side ends."""
    channel = conversation.channel
    writer = threading.Thread(target=_to_host, args=(lane, conversation), daemon=True)
    writer.start()
    with suppress(OSError):
        lane.sendall(conversation.out)
        while data := channel.recv(_CHUNK):
            lane.sendall(data)
    with suppress(OSError):
        lane.shutdown(socket.SHUT_RDWR)
    writer.join()


def _to_host(lane: socket.socket, conversation: Conversation) -> None:
    with suppress(OSError):
        while data := lane.recv(_CHUNK):
            conversation.channel.sendall(data)
    with suppress(OSError, EOFError):
        conversation.channel.shutdown_write()
