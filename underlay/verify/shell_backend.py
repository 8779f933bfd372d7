"""A testinfra backend that keeps one shell open on a host: a check costs a few forks there, not a process here."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from threading import Lock
from typing import Any

from testinfra.backend.base import BaseBackend, CommandResult
from testinfra.host import Host

from underlay.run.shells import DESCRIPTOR, NO, READY, SHARE


class NoFurtherShell(Exception):
    """The host grants no session beside those that are open."""


class ShellBackend(BaseBackend):  # type: ignore[misc]
    """A shell that the process with the connections opens; a host without one fails each command with the reason."""

    NAME = "shell"

    def __init__(self, name: str) -> None:
        """
        :raises NoFurtherShell: when another shell on this host has to do.
        """
        super().__init__(name)
        self._lock = Lock()
        self._reason = ""
        self._socket, theirs = socket.socketpair()
        with theirs:
            if not _asked(name, theirs):
                self._reason = "nobody here has a connection to it; run `underlay verify`"
        self._stream = self._socket.makefile("rwb")
        first = b"" if self._reason else self._stream.readline()
        if first == SHARE:
            self.close()
            raise NoFurtherShell(name)
        if first != READY and not self._reason:
            reason = first.removeprefix(NO).decode(errors="replace").strip()
            self._reason = reason or "it does not answer over SSH"

    def run(self, command: str, *args: str, **kwargs: Any) -> CommandResult:
        return self.run_within(None, self.get_command(command, *args))

    def run_within(self, seconds: float | None, command: str) -> CommandResult:
        """Run a command; without a reply in this time the shell is given up."""
        text = command.encode()
        with self._lock:
            if self._reason:
                raise AssertionError(f"{self.hostname}: {self._reason}")
            self._socket.settimeout(seconds)
            try:
                self._stream.write(b"%d\n%s" % (len(text), text))
                self._stream.flush()
                header = self._stream.readline().split()
                if len(header) != 3:
                    self._give_up("it does not answer over SSH any more")
                code, out, err = (int(field) for field in header)
                stdout, stderr = self._stream.read(out), self._stream.read(err)
            except TimeoutError:
                self._give_up(f"it does not answer within {seconds} s")
            except OSError:
                self._give_up("it does not answer over SSH any more")
        return self.result(code, text, stdout, stderr)

    def _give_up(self, reason: str) -> None:
        self._reason = reason
        raise AssertionError(f"{self.hostname}: {reason}")

    def decode(self, data: bytes) -> str:
        return data.decode(errors="replace")

    def close(self) -> None:
        # The stream may hold what was never sent, and keeps the socket open.
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        with suppress(OSError):
            self._stream.close()
        self._socket.close()


def open_host(name: str) -> Host:
    """A testinfra host, connected.

    :raises NoFurtherShell: when another shell on this host has to do.
    """
    backend = ShellBackend(name)
    host = Host(backend)
    backend.set_host(host)
    return host


def _asked(name: str, end: socket.socket) -> bool:
    """Whether there is somebody to ask for a shell at the other end of a socket pair."""
    if DESCRIPTOR not in os.environ:
        return False
    with socket.socket(fileno=os.dup(int(os.environ[DESCRIPTOR]))) as requests:
        try:
            socket.send_fds(requests, [name.encode()], [end.fileno()])
        except OSError:
            return False
    return True
