"""The name server of lab tests speaks DNS as the verification reads it."""

from __future__ import annotations

from tests.lab.name_server import reply
from tests.live import names


def test_every_question_has_an_answer_without_error() -> None:
    for asked in (".", "example.net."):
        read = names.read(reply(names.query(asked, names.NS)))
        assert (read.code, read.truncated, read.of(names.NS)) == (0, False, ["a"])
