"""DNS messages as hosts carry them for the verification."""

from __future__ import annotations

import struct

import pytest

from tests.live import names

HEADER = ">HHHHHH"


def reply(question: bytes, *answers: bytes, flags: int = 0x8180) -> bytes:
    return struct.pack(HEADER, 0x5555, flags, 1, len(answers), 0, 0) + question[12:] + b"".join(answers)


def record(kind: int, data: bytes) -> bytes:
    return b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 30, len(data)) + data


def test_a_question_is_written_as_the_protocol_has_it() -> None:
    asked = names.query("a.bc.", names.A)
    assert asked == b"\x55\x55\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x02bc\x00\x00\x01\x00\x01"
    assert names.query(".", names.NS)[12:] == b"\x00\x00\x02\x00\x01"


def test_reads_addresses_names_and_services() -> None:
    asked = names.query("a.bc", names.A)
    message = reply(
        asked,
        record(names.A, bytes([10, 0, 0, 2])),
        record(names.A, bytes([10, 0, 0, 1])),
        record(names.AAAA, bytes(15) + b"\x01"),
        record(names.CNAME, b"\x01x\xc0\x0e"),
        record(names.SRV, struct.pack(">HHH", 0, 100, 8080) + b"\x01y\xc0\x0c"),
    )
    seen = names.read(message)
    assert (seen.code, seen.truncated) == (0, False)
    assert seen.of(names.A) == ["10.0.0.1", "10.0.0.2"]
    assert seen.of(names.AAAA) == ["::1"]
    assert seen.of(names.CNAME) == ["x.bc"]
    assert seen.of(names.SRV) == ["8080 y.a.bc"]


def test_tells_an_error_and_a_truncated_answer() -> None:
    asked = names.query("a.bc", names.A)
    assert names.read(reply(asked, flags=0x8183)).code == 3
    cut = reply(asked, record(names.A, bytes(range(4))), record(names.A, bytes(4)), flags=0x8380)[:-16]
    assert names.read(cut).truncated
    assert names.read(cut).of(names.A) == ["0.1.2.3"]


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x00\x01" + reply(names.query("a", names.A))[2:],
        names.query("a", names.A),
        reply(names.query("a", names.A), b"\xc0\xff"),
        reply(names.query("a", names.A), b"\xc0\x13"),
        reply(names.query("a", names.A), record(names.A, b"\x01")),
    ],
    ids=["empty", "another question's", "a question", "points past the end", "points at itself", "half an address"],
)
def test_what_is_no_reply_is_refused(message: bytes) -> None:
    with pytest.raises(ValueError, match=r"DNS|another question|address|permitted|bytes"):
        names.read(message)
