"""Sockets for probes, the same for UDP and other IP protocols, with the kernel's ancillary data and errors."""

from __future__ import annotations

import socket
import struct
from typing import Any, NamedTuple

# Constants of linux/in.h, linux/in6.h and linux/errqueue.h; Python has only some of them.
_RECVERR, _RECVTTL, _MTU_DISCOVER, _PROBE = (11, 12, 10, 3)
_RECVERR6, _RECVHOPLIMIT, _MTU_DISCOVER6 = (25, 51, 23)
_TTL, _HOPLIMIT = (2, 52)
_FORCED_BUFFER = 33
_ERROR = struct.Struct("=IBBBBII")
_BUFFER = 1 << 20
_LARGEST = 65535


class Received(NamedTuple):
    """A received datagram: its payload, source and TTL."""

    data: bytes
    source: str
    ttl: int
    port: int


class Refusal(NamedTuple):
    """An ICMP error by `offender` about a packet to `peer`; `number` is the errno, `mtu` 0 unless it was too large."""

    peer: str
    port: int
    number: int
    mtu: int
    offender: str


def family_of(address: str) -> socket.AddressFamily:
    """Return the family of an IP address in text."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def datagram(protocol: str, address: str, port: int = 0) -> socket.socket:
    """Return a socket for UDP (`udp`) or an IP protocol by number, bound to an address; it never fragments.

    :raises OSError: when the port is in use, or the kernel does not support the protocol.
    """
    family = family_of(address)
    if protocol == "udp":
        made = socket.socket(family, socket.SOCK_DGRAM)
    else:
        made = socket.socket(family, socket.SOCK_RAW, int(protocol))
    try:
        made.bind((address, port if protocol == "udp" else 0))
        level, options = (
            (socket.IPPROTO_IPV6, (_RECVERR6, _RECVHOPLIMIT))
            if family == socket.AF_INET6
            else (socket.IPPROTO_IP, (_RECVERR, _RECVTTL))
        )
        for option in options:
            made.setsockopt(level, option, 1)
        made.setsockopt(level, _MTU_DISCOVER6 if family == socket.AF_INET6 else _MTU_DISCOVER, _PROBE)
        for option in (_FORCED_BUFFER, socket.SO_RCVBUF):
            try:
                made.setsockopt(socket.SOL_SOCKET, option, _BUFFER)
                break
            except OSError:
                continue
    except OSError:
        made.close()
        raise
    made.setblocking(False)
    return made


def set_ttl(made: socket.socket, ttl: int) -> None:
    """Set the TTL or hop limit of packets that a socket sends."""
    if made.family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, ttl)
    else:
        made.setsockopt(socket.IPPROTO_IP, _TTL, ttl)


def receive(made: socket.socket) -> Received | None:
    """Return a datagram, or None when there is none."""
    try:
        data, ancillary, _, source = made.recvmsg(_LARGEST, 256)
    except (BlockingIOError, ConnectionError):
        return None
    except OSError:
        # An ICMP error about an earlier packet; `refusals` returns it in full.
        return Received(b"", "", 0, 0)
    ttl = next((v[0] for _, kind, v in ancillary if kind in (_TTL, _HOPLIMIT)), 0)
    if made.type == socket.SOCK_RAW and made.family == socket.AF_INET:
        data = data[(data[0] & 15) * 4 :]
    return Received(data, str(source[0]).partition("%")[0], ttl, source[1])


def refusals(made: socket.socket) -> list[Refusal]:
    """Return the errors in the socket's error queue."""
    found: list[Refusal] = []
    while True:
        try:
            _, ancillary, _, peer = made.recvmsg(0, 512, socket.MSG_ERRQUEUE)
        except OSError:
            return found
        for _, kind, value in ancillary:
            if kind in (_RECVERR, _RECVERR6) and len(value) >= _ERROR.size:
                number, _, _, _, _, info, _ = _ERROR.unpack_from(value)
                mtu = info if number == 90 else 0  # EMSGSIZE
                found.append(Refusal(_plain(peer), _port(peer), number, mtu, _offender(value[_ERROR.size :])))


def _plain(address: Any) -> str:
    return str(address[0]).partition("%")[0] if address else ""


def _port(address: Any) -> int:
    return int(address[1]) if address else 0


def _offender(value: bytes) -> str:
    """The address in a sockaddr: family, port, then an IPv4 address, or flow label and an IPv6 address."""
    family = int.from_bytes(value[:2], "little") if len(value) >= 8 else 0
    if family == socket.AF_INET:
        return socket.inet_ntop(socket.AF_INET, value[4:8])
    if family == socket.AF_INET6 and len(value) >= 24:
        return socket.inet_ntop(socket.AF_INET6, value[8:24])
    return ""
