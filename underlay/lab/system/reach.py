"""Whether a host answers: its SSH server sends its banner."""

import socket
import time
from collections.abc import Callable
from ipaddress import IPv4Address

POLL_S = 0.05
ANSWER_S = 3.0  # long, because a host can be emulated or very busy, and giving up earlier makes it busier


def answers(address: IPv4Address, *, timeout: float = ANSWER_S) -> bool:
    """Return whether port 22 sends an SSH banner within `timeout` seconds."""
    try:
        with socket.create_connection((str(address), 22), timeout) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def wait(address: IPv4Address, *, alive: Callable[[], bool], timeout: float) -> bool:
    """Wait until a host answers; False if `alive` says that it died, or after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not answers(address):
        if time.monotonic() > deadline or not alive():
            return False
        time.sleep(POLL_S)
    return True
