"""A program for a pod's network: a hundred packets a second to echo servers, and a connection that stays open to each.

Arguments: addresses of agnhost's netexec, which echoes UDP on 8081 and answers HTTP on 8080. It ends at the end of its
standard input, and prints for each address the longest time without a reply, in seconds, and whether its connection
still works.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import time
from contextlib import suppress

_EVERY_S = 0.01
_REQUEST = b"GET /hostname HTTP/1.0\r\n\r\n"


def main(addresses: list[str]) -> None:
    connections = {a: socket.create_connection((a, 8080), 10) for a in addresses}
    echoes = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    last = dict.fromkeys(addresses, time.monotonic())
    longest, late, due = dict.fromkeys(addresses, 0.0), 0.0, time.monotonic()
    print("flowing", flush=True)
    while True:
        readable, _, _ = select.select([echoes, sys.stdin], [], [], max(0.0, due - time.monotonic()))
        now = time.monotonic()
        if echoes in readable:
            _, (address, _) = echoes.recvfrom(100)
            longest[address] = max(longest[address], now - last[address])
            last[address] = now
        if sys.stdin in readable:
            break
        if now >= due:
            late, due = max(late, now - due), now + _EVERY_S
            for address in addresses:
                with suppress(OSError):  # no route for a moment
                    echoes.sendto(b"echo x", (address, 8081))
    ended = time.monotonic()
    gaps = {a: round(max(longest[a], ended - last[a]), 3) for a in addresses}
    print(json.dumps({"gaps": gaps, "open": {a: answers(c) for a, c in connections.items()}, "late": round(late, 3)}))


def answers(connection: socket.socket) -> bool:
    """Whether a connection that was idle all the time still works."""
    try:
        connection.sendall(_REQUEST)
        return connection.recv(64).startswith(b"HTTP/1.0 200")
    except OSError:
        return False


if __name__ == "__main__":
    main(sys.argv[1:])
