"""What the segment itself says: which hardware answers for an address, and whether somebody else has ours."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import time
from typing import Any

_ARP = 0x0806
_FRAME = struct.Struct("!6s6sHHHBBH6s4s6s4s")
_WAIT = 0.4


def resolved(addresses: set[str]) -> dict[str, str]:
    """Hardware address of each that the kernel has resolved."""
    ran = subprocess.run(["ip", "-json", "neigh", "show"], stdout=subprocess.PIPE, check=False)
    try:
        known: list[dict[str, Any]] = json.loads(ran.stdout or b"[]")
    except ValueError:
        return {}
    return {n["dst"]: n["lladdr"] for n in known if n.get("dst") in addresses and "lladdr" in n}


class Claim:
    """Asks the segment who has our own address (RFC 5227); an answer is somebody else's."""

    def __init__(self, link: str, address: str) -> None:
        self._own = socket.inet_aton(address)
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ARP))
        self._socket.bind((link, _ARP))
        self._hardware = self._socket.getsockname()[4]
        self._until = time.monotonic() + _WAIT
        everyone, nobody = b"\xff" * 6, b"\0" * 6
        self._socket.send(
            _FRAME.pack(
                everyone, self._hardware, _ARP, 1, 0x0800, 6, 4, 1, self._hardware, b"\0" * 4, nobody, self._own
            )
        )

    def answers(self) -> list[str]:
        """Hardware addresses of others that answered for it; waits for what is left of its patience."""
        found: list[str] = []
        with self._socket:
            while (left := self._until - time.monotonic()) > 0:
                self._socket.settimeout(left)
                try:
                    data = self._socket.recv(128)
                except OSError:
                    break
                if len(data) < _FRAME.size:
                    continue
                *_, _operation, hardware, sender, _, _ = _FRAME.unpack_from(data)
                if sender == self._own and hardware != self._hardware:
                    found.append(hardware.hex(":"))
        return sorted(set(found))
