"""What cluster DNS is asked and what it has to answer: messages of RFC 1035, made and read here.

Hosts carry the bytes (names.sh), so that no program of theirs or of an image has to know DNS.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address

A, NS, CNAME, AAAA, SRV = 1, 2, 5, 28, 33
_ID = 0x5555


@dataclass(frozen=True)
class DnsReply:
    """`records` are (type, value): an address, a name, or "port name" of a SRV record."""

    code: int
    truncated: bool
    records: list[tuple[int, str]] = field(default_factory=list)

    def of(self, kind: int) -> list[str]:
        return sorted(value for found, value in self.records if found == kind)


@dataclass(frozen=True)
class DnsQuery:
    """`name` is told by reports; `judge` gets the reply, or None where none came, and tells what is wrong with it.

    :param server: who is asked, an address, or "" for the first name server of the host itself.
    """

    name: str
    server: str
    query: bytes
    judge: Callable[[DnsReply | None], str | None]
    tcp: bool = False
    in_pod: bool = True


def query(name: str, kind: int) -> bytes:
    """A question for one name, recursion desired."""
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    asked = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return struct.pack(">HHHHHH", _ID, 0x0100, 1, 0, 0, 0) + asked + struct.pack(">HH", kind, 1)


def read(message: bytes) -> DnsReply:
    """The answer section of a reply. ValueError where it is none."""
    try:
        identity, flags, questions, answers = struct.unpack(">HHHH", message[:8])
        if identity != _ID or not flags & 0x8000:
            raise ValueError("this answers another question")
        at = 12
        for _ in range(questions):
            at = _name(message, at)[1] + 4
        records = []
        # What is left out of a truncated message is counted in its header all the same.
        for _ in range(answers):
            if at >= len(message):
                break
            record, at = _record(message, at)
            records.append(record)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ValueError(f"no DNS message: {error}") from None
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
    """A name and the offset after it; pointers lead back only, so that none leads in a circle."""
    labels: list[str] = []
    after = None
    limit = at
    while size := message[at]:
        if size & 0xC0 == 0xC0:
            target = (size & 0x3F) << 8 | message[at + 1]
            after = at + 2 if after is None else after
            if target >= limit:
                raise ValueError("no DNS message: a name that points forward")
            at = limit = target
            continue
        labels.append(message[at + 1 : at + 1 + size].decode())
        at += 1 + size
    return ".".join(labels), after if after is not None else at + 1
