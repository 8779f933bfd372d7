"""The name server of lab tests speaks DNS as the verification reads it."""

from __future__ import annotations

from tests.lab.name_server import reply
from underlay.verify import dns_messages


def test_every_question_has_an_answer_without_error() -> None:
    for name in (".", "example.net."):
        read = dns_messages.read(reply(dns_messages.query(name, dns_messages.NS)))
        assert (read.code, read.truncated, read.of(dns_messages.NS)) == (0, False, ["a"])
