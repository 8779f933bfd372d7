"""Connections to hosts: made by pyinfra's connectors, kept alive, and explained where there is none."""

from __future__ import annotations

import logging
import re
import socket
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from paramiko import Channel, ProxyCommand, Transport
from pyinfra import logger
from pyinfra.api import Host, State
from pyinfra.api.exceptions import ConnectError
from pyinfra.connectors.ssh_util import load_key_with_certificate

from underlay.patience import stretched

from .access_error import AccessError
from .connect_problem import UnfinishedKeyExchange, connect_problem

# A host that dies is noticed after a minute, not after TCP's quarter of an hour.
_ALIVE_S, _DEAD_MS = 15, 60_000
CONNECT_S = stretched(15)
"""For a connection with its exchange of keys, which takes its time on a busy host."""
# pyinfra's own lines about host keys, which the one line of the failure says too.
_SAID_TWICE = (
    "WARNING: REMOTE HOST",
    "Someone could be",
    "If this is expected",
    "    ssh-keygen -R",
    "No host key for",
)


# What connections have failed with: pyinfra has a line for each host, and whoever watches the run one for all.
_failed: set[str] = set()
_FORM = re.compile(r"\x1b\[[0-9;]*m")


def watch_connections(state: State) -> None:
    """Have every connection of a state, from now on, fail with one line that says why, and notice a dead host."""
    state.config.CONNECT_TIMEOUT = CONNECT_S
    logging.getLogger("paramiko").addHandler(logging.NullHandler())
    if _once not in logger.filters:
        logger.addFilter(_once)
    for host in state.inventory:
        host.connector.connect = partial(_connect, host, host.connector.connect)  # type: ignore[method-assign]


def connect(host: Host) -> None:
    """Connect a host, anew if its connection was lost.

    :raises AccessError: with the reason why not.
    """
    try:
        host.connected = False
        host.connect(show_errors=False, raise_exceptions=True)
    except ConnectError as error:
        raise AccessError(host.name, reason_of(host, error)) from None


def reason_of(host: Host, error: Exception) -> str:
    """What an error of a connection says, without the host's name."""
    return str(error).removeprefix(f"{host.name}: ")


def _connect(host: Host, original: Callable[[], None]) -> None:
    data: Any = host.connector.data
    key = data.get("ssh_key") or ""
    options = data.get("ssh_paramiko_connect_kwargs") or {}
    data["ssh_paramiko_connect_kwargs"] = {"transport_factory": _Patient, **options}
    try:
        if key and not data.get("ssh_key_password"):
            _load_key(host, key)
        original()
    except Exception as error:  # whatever a connector, a key file, or SSH raises
        if isinstance(error, ConnectError) and error.__context__ is None:
            raise _failure(host, reason_of(host, error)) from None
        reason = connect_problem(
            error,
            user=data.get("ssh_user") or "",
            port=int(data.get("ssh_port") or 0),
            key=key,
            known_hosts=data.get("ssh_known_hosts_file") or "",
            password=bool(data.get("ssh_password")),
        )
        raise _failure(host, reason) from None
    client = getattr(host.connector, "client", None)
    if client and (transport := client.get_transport()):
        transport.set_keepalive(_ALIVE_S)
        _tune(transport.sock)


class _Patient(Transport):
    """paramiko's, whose own limits of each step (15 s, of the login 30) end none before its time.

    Of a ProxyCommand it does not notice the end, and no more time helps.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._direct = not isinstance(self.sock, ProxyCommand)
        if self._direct:
            self.banner_timeout = self.handshake_timeout = self.auth_timeout = 2 * CONNECT_S

    def start_client(self, event: Any = None, timeout: float | None = None) -> None:
        """As paramiko's, which goes on to the login when the time is over.

        :raises UnfinishedKeyExchange: when it is.
        """
        super().start_client(event, timeout)
        if self._direct and self.active and not self.initial_kex_done:
            self.close()
            raise UnfinishedKeyExchange(f"no keys are exchanged after {timeout} s")


def _failure(host: Host, reason: str) -> ConnectError:
    text = f"{host.name}: {reason}"
    _failed.add(text)
    return ConnectError(text)


def _load_key(host: Host, key: str) -> None:
    """Load a private key as pyinfra will, which asks for a password even where nobody can answer."""
    path = Path(host.state.cwd or "") / Path(key).expanduser()
    # A lab makes its own when it boots.
    if key not in host.state.private_keys and path.is_file():
        loaded = load_key_with_certificate(key, cwd=host.state.cwd, allow_prompt=sys.stdin.isatty())
        host.state.private_keys[key] = loaded


def _tune(sock: Any) -> None:
    """No delay, which costs each request and reply 40 ms (Nagle's algorithm), and an end where nobody answers."""
    while isinstance(sock, Channel):
        # Through a jump host.
        sock = sock.get_transport().sock
    if isinstance(sock, socket.socket):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _DEAD_MS)


def _once(record: logging.LogRecord) -> bool:
    if _failed and _FORM.sub("", str(record.msg)).partition("] ")[2].strip() in _failed:
        return False
    return not str(record.msg).startswith(_SAID_TWICE) or "accepting" in str(record.msg)
