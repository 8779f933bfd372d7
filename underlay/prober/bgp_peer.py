"""Probes a BGP router: whether it answers, and which AS it has."""

from __future__ import annotations

import socket
import struct
from typing import Any

from .sockets import family_of

_PORT, _MD5 = 179, 14
_MARKER = b"\xff" * 16
_OPEN, _NOTIFICATION, _KEEPALIVE = 1, 3, 4
_HEADER, _LARGEST = 19, 4096
# RFC 4271, 4.5: those that tell what to correct.
_MEANING = {(2, 2): " (it expects another AS)", (2, 3): " (router id)", (6, 5): " (it rejects the connection)"}
_CEASE = _MARKER + struct.pack(">HBBB", 21, _NOTIFICATION, 6, 2)
_AS_TRANS = 23456
_TTL = {
    socket.AF_INET: (socket.IPPROTO_IP, socket.IP_TTL),
    socket.AF_INET6: (socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS),
}
_TIMEOUT_S = 2.0


def probe_peer(address: str, *, own: str, as_number: int, password: str | None, one_hop: bool) -> dict[str, Any]:
    """Exchange OPEN messages with a router (RFC 4271), then close the session.

    :param own: the local address; `password` is for TCP MD5 (RFC 2385), `one_hop` sends with TTL 255 (RFC 5082).
    :returns: `{"as": AS, "id": router id}`, or `{"trouble": what is wrong}`.
    """
    try:
        with socket.socket(family_of(address), socket.SOCK_STREAM) as made:
            if password:
                _sign(made, address, password)
            if one_hop:
                made.setsockopt(*_TTL[made.family], 255)
            made.settimeout(_TIMEOUT_S)
            made.bind((own, 0))
            try:
                made.connect((address, _PORT))
            except ConnectionRefusedError:
                return {"trouble": "refused"}
            except TimeoutError:
                return {"trouble": "silent"}
            made.sendall(_open(as_number, own))
            return _read(made)
    except OSError as error:
        return {"trouble": error.strerror or "closed"}


def _sign(made: socket.socket, address: str, password: str) -> None:
    """Sign segments: struct tcp_md5sig of linux/tcp.h."""
    if ":" in address:
        where = struct.pack("HHI16sI100x", socket.AF_INET6, 0, 0, socket.inet_pton(socket.AF_INET6, address), 0)
    else:
        where = struct.pack("HH4s120x", socket.AF_INET, 0, socket.inet_aton(address))
    key = password.encode()
    made.setsockopt(socket.IPPROTO_TCP, _MD5, where + struct.pack("BBHi80s", 0, 0, len(key), 0, key))


def _open(as_number: int, own: str) -> bytes:
    capabilities = struct.pack(">BBI", 65, 4, as_number)
    if ":" in own:
        capabilities += b"\1\4\0\1\0\1\1\4\0\2\0\1"
    optional = struct.pack(">BB", 2, len(capabilities)) + capabilities
    mine = as_number if as_number < 65536 else _AS_TRANS
    router_id = b"\1" + socket.inet_pton(socket.AF_INET6, own)[-3:] if ":" in own else socket.inet_aton(own)
    body = struct.pack(">BHH4sB", 4, mine, 90, router_id, len(optional)) + optional
    return _MARKER + struct.pack(">HB", 19 + len(body), _OPEN) + body


def _read(made: socket.socket) -> dict[str, Any]:
    """Read its OPEN, and the KEEPALIVE by which it accepts ours; the session is not established."""
    kind, message = _message(made)
    if kind == _OPEN and len(message) >= 10:
        found = {"as": _as_of(message), "id": socket.inet_ntoa(message[5:9])}
        kind, message = _message(made)
        if kind == _KEEPALIVE:
            made.sendall(_CEASE)
            return found
    if kind == _NOTIFICATION and len(message) >= 2:
        code, subcode = message[:2]
        return {"trouble": f"rejects the session: notification {code}/{subcode}{_MEANING.get((code, subcode), '')}"}
    if kind is None:
        return {"trouble": "closes the connection without a message; this peer or its AS is not configured"}
    return {"trouble": "does not speak BGP"}


def _message(made: socket.socket) -> tuple[int | None, bytes]:
    """Return type and body of the next message; the type is None when the connection is closed."""
    data = b""
    size = _HEADER
    while len(data) < size:
        got = made.recv(size - len(data))
        if not got:
            return None, b""
        data += got
        if len(data) == _HEADER:
            size = max(_HEADER, min(int.from_bytes(data[16:18], "big"), _LARGEST))
    return data[18], data[_HEADER:]


def _as_of(message: bytes) -> int:
    """Return the four-octet AS of the capabilities, or the two-octet one."""
    parameters, at = message[10 : 10 + message[9]], 0
    while at + 2 <= len(parameters):
        kind, size = parameters[at], parameters[at + 1]
        inner, end = at + 2, at + 2 + size
        while kind == 2 and inner + 2 <= end:
            if parameters[inner] == 65:
                return int.from_bytes(parameters[inner + 2 : inner + 6], "big")
            inner += 2 + parameters[inner + 1]
        at = end
    return int.from_bytes(message[1:3], "big")
