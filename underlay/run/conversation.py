"""One session on a host's SSH connection, in which a script runs as root, whatever the login says before it."""

from __future__ import annotations

import re
import secrets
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress

from paramiko import Channel, ChannelException, SSHException, Transport
from pyinfra.api import Host

from .access_error import AccessError, NoSession, PasswordWanted, of_this_machine
from .elevation import Elevation
from .start_problem import is_password_wanted, start_problem

# Seconds until a session is granted, and until the login has run its start-up files.
OPEN_S, BEGIN_S = 30.0, 60.0
# sshd counts a session until it has collected its processes, a moment after its end.
FREED_S = 1.0
_CHUNK = 1 << 16
# What a login may say before the first command; more is no greeting.
_NOISE = 1 << 20
_PROMPT = re.compile(rb"(?i)password[^\n]*: *\Z")
_NO_SESSION = "its SSH server grants no further session ({}); raise MaxSessions in its sshd_config to 10"
_NO_SSH = "its connector makes no SSH connection, and there is no other way; name a host that SSH reaches"
LOST = "the connection was lost ({}); look at the host's console and at the network, then run again"


class Conversation:
    """A session from the moment the script runs. `out` is what it has printed so far.

    The script comes on standard input, behind passwords: neither is seen in a process list. What follows it there is
    the script's own input.
    """

    def __init__(self, host: Host, script: str, way: Elevation, *, timeout: float | None = None) -> None:
        """
        :param timeout: seconds for everything.
        :raises AccessError: when the script does not begin to run.
        """
        self.out = b""
        self._name = host.name
        self._timeout = timeout
        self._until = time.monotonic() + (timeout or BEGIN_S)
        self._err = b""
        self._passwords = list(way.passwords)
        # Where no password is set, whatever looks like a prompt is a greeting.
        self._prompts, self._refused = bool(way.passwords), False
        # No text that the login repeats contains a mark: the command line has them in pieces.
        before, begun = secrets.token_hex(4), secrets.token_hex(4)
        self._before, self._mark = f"@{before}@\n".encode(), f"@{begun}@\n".encode()
        # `$(…)` takes the newline off that ends a document within a script; the status is that of its last command.
        text = f"{script}\nexit $?".encode()
        echo = f'echo "@"{begun}"@"'
        line = f'{echo}; {echo} >&2; eval "$(head -c {len(text)})"'
        self.channel = open_session(host)
        # Looked up now: gevent puts its own into `threading`, perhaps after this module was imported.
        self._errors = threading.Thread(target=self._read_errors, daemon=True)
        try:
            self.channel.exec_command(way.command(line, first=f'echo "@"{before}"@" >&2'))
            self._errors.start()
            if not way.passwords:
                self._send(text)
            self._await_mark(way)
            if way.passwords:
                self._send(text)
        except AccessError:
            self._close()
            raise
        except (SSHException, EOFError, OSError) as error:
            self._close()
            raise AccessError(self._name, self._why(error)) from None
        self.channel.settimeout(None)
        if timeout is None:
            self._until = float("inf")

    def finish(self, more: Iterable[bytes] = ()) -> tuple[int, bytes, bytes]:
        """Send the rest of standard input; exit status, standard output and standard error.

        :raises AccessError: when the connection is lost, or the time is over.
        """
        try:
            for chunk in self._read_here(more):
                if not self._send(chunk):
                    break
            self.channel.shutdown_write()
            while data := self._receive():
                self.out += data
            status = self.channel.recv_exit_status()
        except (SSHException, EOFError, OSError) as error:
            raise AccessError(self._name, self._why(error)) from None
        finally:
            self._close()
        self._errors.join()
        if status == -1 and not _is_up(self.channel.get_transport()):
            raise AccessError(self._name, LOST.format("the host went down, or the network did"))
        return status, self.out, self._err.rpartition(self._mark)[2]

    def _read_here(self, more: Iterable[bytes]) -> Iterator[bytes]:
        """What is sent to the host; a file of this machine that cannot be read is no lost connection."""
        try:
            yield from more
        except OSError as error:
            raise AccessError(self._name, of_this_machine(error)) from None

    def _close(self) -> None:
        # Over a connection that has just been lost, the word of it cannot be sent.
        with suppress(SSHException, EOFError, OSError):
            self.channel.close()

    def read_line(self) -> bool:
        """Whether the script has printed a line; waits until it has, or is over."""
        while b"\n" not in self.out and (data := self._receive()):
            self.out += data
        return b"\n" in self.out

    def _send(self, data: bytes) -> bool:
        """Whether it was taken: a script that ends early takes no more, and its reply says why."""
        try:
            self.channel.settimeout(None if self._timeout is None else self._left())
            self.channel.sendall(data)
        except TimeoutError:
            raise
        except OSError:
            return False
        return True

    def _await_mark(self, way: Elevation) -> None:
        while self._mark not in self.out:
            data = self._receive()
            if not data or len(self.out) > _NOISE:
                # Its last words come before its end.
                self._errors.join(OPEN_S)
                status = self.channel.recv_exit_status() if self.channel.exit_status_ready() else -1
                if not _is_up(self.channel.get_transport()):
                    raise AccessError(self._name, LOST.format("before the first command"))
                out, err = (text.decode(errors="replace") for text in (self.out, self._after_greeting()))
                problem = start_problem(
                    out, err, programs=way.programs, status=status, given=self._prompts, again=self._refused
                )
                wanted = way.programs == ("sudo",) and not way.passwords and is_password_wanted(err)
                raise (PasswordWanted if wanted else AccessError)(self._name, problem)
            self.out += data
        self.out = self.out.partition(self._mark)[2]

    def _receive(self) -> bytes:
        self.channel.settimeout(None if self._until == float("inf") else self._left())
        return bytes(self.channel.recv(_CHUNK))

    def _read_errors(self) -> None:
        while True:
            try:
                data = self.channel.recv_stderr(_CHUNK)
            except TimeoutError:
                continue
            except (SSHException, EOFError, OSError):
                return
            if not data:
                return
            self._err += data
            if (
                self._prompts
                and self._mark not in self._err
                and self._before in self._err
                and _PROMPT.search(self._after_greeting())
            ):
                self._answer()

    def _after_greeting(self) -> bytes:
        """Standard error from where the login becomes root; all of it where it does not get there."""
        return self._err.rpartition(self._before)[2]

    def _answer(self) -> None:
        """Give the next password; nothing is typed twice, for some hosts lock a user after a few wrong ones."""
        if not self._passwords:
            self._refused = True
            self._close()
            return
        self._err += b"\n"
        self._send(f"{self._passwords.pop(0)}\n".encode())

    def _left(self) -> float:
        return max(self._until - time.monotonic(), 0.05)

    def _why(self, error: BaseException) -> str:
        if isinstance(error, socket.timeout):
            seconds = self._timeout or BEGIN_S
            return f"no reply within {seconds:.0f} s; look at its load, and at the start-up files of its login"
        return LOST.format(str(error) or type(error).__name__)


def open_session(host: Host) -> Channel:
    """A new session on the connection that pyinfra made.

    :raises NoSession: when the server grants none, and none becomes free within a moment.
    :raises AccessError: when there is no connection.
    """
    transport = connection_of(host)
    if transport is None and not hasattr(host.connector, "client"):
        raise AccessError(host.name, _NO_SSH)
    if transport is None:
        raise AccessError(host.name, LOST.format("there is none to this host"))
    until = time.monotonic() + FREED_S
    while True:
        try:
            return transport.open_session(timeout=OPEN_S)
        except ChannelException as error:
            if time.monotonic() > until:
                raise NoSession(host.name, _NO_SESSION.format(error.args[-1])) from None
        except (SSHException, EOFError, OSError) as error:
            raise AccessError(host.name, LOST.format(str(error) or type(error).__name__)) from None
        time.sleep(FREED_S / 20)


def connection_of(host: Host) -> Transport | None:
    """The connection that pyinfra made, while it stands."""
    client = getattr(host.connector, "client", None)
    transport = client.get_transport() if client else None
    return transport if _is_up(transport) else None


def _is_up(transport: Transport | None) -> bool:
    return transport is not None and bool(transport.is_active())
