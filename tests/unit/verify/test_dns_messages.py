"""DNS messages as hosts carry them for the verification."""

from __future__ import annotations

import struct

import pytest

from underlay.verify import dns_messages

HEADER = ">HHHHHH"


def reply(question: bytes, *answers: bytes, flags: int = 0x8180) -> bytes:
    return struct.pack(HEADER, 0x5555, flags, 1, len(answers), 0, 0) + question[12:] + b"".join(answers)


def record(kind: int, data: bytes) -> bytes:
    return b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 30, len(data)) + data


def test_a_query_is_encoded_as_in_rfc_1035() -> None:
    query = dns_messages.query("a.bc.", dns_messages.A)
    assert query == b"\x55\x55\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x02bc\x00\x00\x01\x00\x01"
    assert dns_messages.query(".", dns_messages.NS)[12:] == b"\x00\x00\x02\x00\x01"


def test_reads_addresses_names_and_srv_records() -> None:
    query = dns_messages.query("a.bc", dns_messages.A)
    message = reply(
        query,
        record(dns_messages.A, bytes([10, 0, 0, 2])),
        record(dns_messages.A, bytes([10, 0, 0, 1])),
        record(dns_messages.AAAA, bytes(15) + b"\x01"),
        record(dns_messages.CNAME, b"\x01x\xc0\x0e"),
        record(dns_messages.SRV, struct.pack(">HHH", 0, 100, 8080) + b"\x01y\xc0\x0c"),
    )
    read = dns_messages.read(message)
    assert (read.code, read.truncated) == (0, False)
    assert read.of(dns_messages.A) == ["10.0.0.1", "10.0.0.2"]
    assert read.of(dns_messages.AAAA) == ["::1"]
    assert read.of(dns_messages.CNAME) == ["x.bc"]
    assert read.of(dns_messages.SRV) == ["8080 y.a.bc"]


def test_reports_an_error_and_a_truncated_answer() -> None:
    query = dns_messages.query("a.bc", dns_messages.A)
    assert dns_messages.read(reply(query, flags=0x8183)).code == 3
    cut = reply(query, record(dns_messages.A, bytes(range(4))), record(dns_messages.A, bytes(4)), flags=0x8380)[:-16]
    assert dns_messages.read(cut).truncated
    assert dns_messages.read(cut).of(dns_messages.A) == ["0.1.2.3"]


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x00\x01" + reply(dns_messages.query("a", dns_messages.A))[2:],
        dns_messages.query("a", dns_messages.A),
        reply(dns_messages.query("a", dns_messages.A), b"\xc0\xff"),
        reply(dns_messages.query("a", dns_messages.A), b"\xc0\x13"),
        reply(dns_messages.query("a", dns_messages.A), record(dns_messages.A, b"\x01")),
    ],
    ids=[
        "empty",
        "a reply to another query",
        "a question",
        "points past the end",
        "points at itself",
        "half an address",
    ],
)
def test_a_message_that_is_no_reply_is_refused(message: bytes) -> None:
    with pytest.raises(ValueError, match=r"DNS|not a reply|address|permitted|bytes"):
        dns_messages.read(message)
