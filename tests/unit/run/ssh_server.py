"""An SSH server on loopback whose logins run this machine's shells, with programs of the test in front of its own.

The protocol is paramiko's, from the other side; what is run is real.
"""

from __future__ import annotations

import os
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Semaphore, Thread
from typing import Any

import paramiko
from paramiko.common import cMSG_CHANNEL_SUCCESS

HOST_KEY = paramiko.ECDSAKey.generate()


@dataclass
class Logins(paramiko.ServerInterface):
    """What a login finds. `shell` runs the commands, `greeting` is shell that runs before each, as .bashrc does."""

    bin: Path
    password: str = "open"  # noqa: S105
    keys: list[paramiko.PKey] = field(default_factory=list)
    shell: tuple[str, ...] = ("sh",)
    greeting: str = ""
    sessions: int = 10
    """MaxSessions of sshd_config."""
    commands: list[str] = field(default_factory=list)
    """Every command line that was sent: what a process list on the host shows."""
    _open: int = 0

    def check_auth_password(self, username: str, password: str) -> int:
        return paramiko.AUTH_SUCCESSFUL if password == self.password else paramiko.AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return paramiko.AUTH_SUCCESSFUL if key in self.keys else paramiko.AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "publickey,password"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        if self._open >= self.sessions:
            # As OpenSSH 9.2 answers beyond MaxSessions: channel.c, "open failed".
            return paramiko.OPEN_FAILED_CONNECT_FAILED
        self._open += 1
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        self.commands.append(command.decode())
        Thread(target=self._run, args=(channel, command.decode()), daemon=True).start()
        return True

    def _run(self, channel: paramiko.Channel, command: str) -> None:
        # A program that ends at once must not close its channel before the client knows that it was started.
        channel.get_transport().started.acquire()
        greeted = f"{self.greeting}\n{command}" if self.greeting else command
        process = subprocess.Popen(
            [*self.shell, "-c", greeted],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PATH": f"{self.bin}:{os.environ['PATH']}", "HOME": str(self.bin)},
        )
        ends: Any = (process.stdout, process.stderr)
        outputs = [
            Thread(target=_copy, args=(end, send), daemon=True)
            for end, send in zip(ends, (channel.sendall, channel.sendall_stderr), strict=True)
        ]
        feeder = Thread(target=_feed, args=(channel, process), daemon=True)
        for thread in (*outputs, feeder):
            thread.start()
        for thread in outputs:
            thread.join()
        status = process.wait()
        self._open -= 1
        if not channel.closed:
            channel.send_exit_status(status)
            channel.close()
        feeder.join()
        for end in ends:
            end.close()


class ServerTransport(paramiko.Transport):
    """Counts the commands whose start the client was told of: paramiko's server replies after it has asked for one."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__(connection)
        self.started = Semaphore(0)

    def _send_user_message(self, data: paramiko.Message) -> None:
        super()._send_user_message(data)
        if data.asbytes()[:1] == cMSG_CHANNEL_SUCCESS:
            self.started.release()


class SshServer:
    """Serves one kind of logins until `close`, at `port`."""

    def __init__(self, logins: Logins) -> None:
        self.logins = logins
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self.transports: list[paramiko.Transport] = []
        self._closed = Event()
        Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            transport = ServerTransport(connection)
            transport.add_server_key(HOST_KEY)
            self.transports.append(transport)
            try:
                transport.start_server(server=self.logins)
            except (paramiko.SSHException, EOFError):
                transport.close()

    def close(self) -> None:
        if self._closed.is_set():
            return
        self._closed.set()
        # Whoever waits for a connection has the socket still.
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for transport in self.transports:
            transport.close()


def _copy(pipe: Any, send: Any) -> None:
    while data := os.read(pipe.fileno(), 1 << 15):
        try:
            send(data)
        except (OSError, EOFError):
            return


def _feed(channel: paramiko.Channel, process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    try:
        while data := channel.recv(1 << 15):
            os.write(process.stdin.fileno(), data)
    except OSError:
        # The program ended without reading all.
        pass
    finally:
        process.stdin.close()
