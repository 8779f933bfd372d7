"""Neighbours on the segment: their MAC addresses, and whether another one has this host's address."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import time
from typing import Any

_ARP = 0x0806
_FRAME = struct.Struct("!6s6sHHHBBH6s4s6s4s")
_TIMEOUT_S = 0.4


def resolved(addresses: set[str]) -> dict[str, str]:
    """Return address -> MAC, for those in the kernel's neighbour table."""
    ran = subprocess.run(["ip", "-json", "neigh", "show"], stdout=subprocess.PIPE, check=False)
    try:
        known: list[dict[str, Any]] = json.loads(ran.stdout or b"[]")
    except ValueError:
        return {}
    return {n["dst"]: n["lladdr"] for n in known if n.get("dst") in addresses and "lladdr" in n}


class DuplicateAddressProbe:
    """Probes the segment by ARP for this host's own address (RFC 5227); a reply is from another owner."""

    def __init__(self, link: str, address: str) -> None:
        self._own = socket.inet_aton(address)
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ARP))
        self._socket.bind((link, _ARP))
        self._hardware = self._socket.getsockname()[4]
        self._deadline = time.monotonic() + _TIMEOUT_S
        everyone, nobody = b"\xff" * 6, b"\0" * 6
        self._socket.send(
            _FRAME.pack(
                everyone, self._hardware, _ARP, 1, 0x0800, 6, 4, 1, self._hardware, b"\0" * 4, nobody, self._own
            )
        )

    def answers(self) -> list[str]:
        """Return the sorted MACs of other owners; waits until the probe's deadline."""
        found: list[str] = []
        with self._socket:
            while (left := self._deadline - time.monotonic()) > 0:
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
