"""Whether a host answers: its SSH server says who it is."""

import socket
import time
from collections.abc import Callable
from ipaddress import IPv4Address

POLL_S = 0.05
ANSWER_S = 3.0  # at once, but for a host that is emulated or very busy: giving up earlier makes it busier


def answers(address: IPv4Address, *, timeout: float = ANSWER_S) -> bool:
    """Whether an SSH banner comes from port 22 within `timeout` seconds."""
    try:
        with socket.create_connection((str(address), 22), timeout) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def wait(address: IPv4Address, *, alive: Callable[[], bool], timeout: float) -> bool:
    """Wait until a host answers; False when it died, or after `timeout` seconds."""
    give_up = time.monotonic() + timeout
    while not answers(address):
        if time.monotonic() > give_up or not alive():
            return False
        time.sleep(POLL_S)
    return True
