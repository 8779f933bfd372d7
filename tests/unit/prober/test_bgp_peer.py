"""A router is spoken to up to its OPEN, over either IP version."""

from __future__ import annotations

import socket
import struct
from threading import Thread

import pytest

from underlay.prober import bgp_peer

MARKER = b"\xff" * 16


def router(listening: socket.socket, got: list[bytes]) -> None:
    """Accepts one peer as AS 4200000001, whatever it says."""
    connection, _ = listening.accept()
    with connection:
        header = connection.recv(19)
        got.append(connection.recv(int.from_bytes(header[16:18], "big") - 19))
        capability = struct.pack(">BBBBI", 2, 6, 65, 4, 4200000001)
        body = struct.pack(">BHH4sB", 4, 23456, 90, socket.inet_aton("192.0.2.101"), len(capability)) + capability
        connection.sendall(MARKER + struct.pack(">HB", 19 + len(body), 1) + body)
        connection.sendall(MARKER + struct.pack(">HB", 19, 4))
        connection.recv(64)


@pytest.mark.parametrize(
    ("address", "one_hop"), [("127.0.0.1", False), ("127.0.0.1", True), ("::1", False), ("::1", True)]
)
def test_a_routers_as_is_what_its_open_says(address: str, one_hop: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.bind((address, 0))
        listening.listen(1)
        monkeypatch.setattr(bgp_peer, "_PORT", listening.getsockname()[1])
        got: list[bytes] = []
        thread = Thread(target=router, args=(listening, got))
        thread.start()
        found = bgp_peer.probe_peer(address, own=address, as_number=64513, password=None, one_hop=one_hop)
        thread.join()
    assert found == {"as": 4200000001, "id": "192.0.2.101"}
    (message,) = got
    # RFC 4271, 4.2: version 4, AS, hold time, a router id that is not 0, and its parameters to the byte.
    assert message[:3] == b"\x04" + struct.pack(">H", 64513)
    assert message[5:9] != b"\0\0\0\0"
    assert len(message) == 10 + message[9]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_router_that_does_not_listen_refuses(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM) as unused:
        unused.bind((address, 0))
        monkeypatch.setattr(bgp_peer, "_PORT", unused.getsockname()[1])
        found = bgp_peer.probe_peer(address, own=address, as_number=64513, password=None, one_hop=False)
    assert found == {"trouble": "refused"}
