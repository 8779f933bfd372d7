"""DNS messages (RFC 1035): queries to cluster DNS, and the replies to them.

Hosts only carry the bytes (dns.sh): no program of theirs or of an image has to know DNS.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address

A, NS, CNAME, AAAA, SRV = 1, 2, 5, 28, 33
_ID = 0x5555
_CODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}


@dataclass(frozen=True)
class DnsReply:
    """`records` are (type, value): an address, a name, or "port name" of a SRV record."""

    code: int
    truncated: bool
    records: list[tuple[int, str]] = field(default_factory=list)

    def of(self, kind: int) -> list[str]:
        return sorted(value for type_, value in self.records if type_ == kind)


@dataclass(frozen=True)
class DnsQuery:
    """`judge` gets the reply, or None where none came, and returns what is wrong with it.

    :param name: of the probe, for reports. :param server: an address, or "" for the first name server of the host.
    """

    name: str
    server: str
    message: bytes
    judge: Callable[[DnsReply | None], str | None]
    tcp: bool = False
    in_pod: bool = True


def query(name: str, kind: int) -> bytes:
    """A query for the records of one kind, recursion desired."""
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    encoded = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return struct.pack(">HHHHHH", _ID, 0x0100, 1, 0, 0, 0) + encoded + struct.pack(">HH", kind, 1)


def code_name(code: int) -> str:
    """A response code as resolvers print it (NXDOMAIN), a rare one as its number."""
    return _CODES.get(code, str(code))


def read(message: bytes) -> DnsReply:
    """The answer section of a reply.

    :raises ValueError: where the message is no reply to one of these queries.
    """
    try:
        identity, flags, questions, answers = struct.unpack(">HHHH", message[:8])
        if identity != _ID or not flags & 0x8000:
            raise ValueError("not a reply to this query")
        at = 12
        for _ in range(questions):
            at = _name(message, at)[1] + 4
        records = []
        # A truncated message leaves records out that its header counts.
        for _ in range(answers):
            if at >= len(message):
                break
            record, at = _record(message, at)
            records.append(record)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ValueError(f"not a DNS message: {error}") from None
    return DnsReply(flags & 0xF, bool(flags & 0x0200), records)


def _record(message: bytes, at: int) -> tuple[tuple[int, str], int]:
    at = _name(message, at)[1]
    kind, _, _, size = struct.unpack(">HHIH", message[at : at + 10])
    start, end = at + 10, at + 10 + size
    data = message[start:end]
    if kind == A:
        value = str(IPv4Address(data))
    elif kind == AAAA:
        value = str(IPv6Address(data))
    elif kind in (CNAME, NS):
        value = _name(message, start)[0]
    elif kind == SRV:
        value = f"{struct.unpack('>HHH', data[:6])[2]} {_name(message, start + 6)[0]}"
    else:
        value = data.hex()
    return (kind, value), end


def _name(message: bytes, at: int) -> tuple[str, int]:
    """A name and the offset after it; pointers only point back, so that there is no loop."""
    labels: list[str] = []
    after = None
    limit = at
    while size := message[at]:
        if size & 0xC0 == 0xC0:
            target = (size & 0x3F) << 8 | message[at + 1]
            after = at + 2 if after is None else after
            if target >= limit:
                raise ValueError("not a DNS message: a name points forward")
            at = limit = target
            continue
        labels.append(message[at + 1 : at + 1 + size].decode())
        at += 1 + size
    return ".".join(labels), after if after is not None else at + 1
