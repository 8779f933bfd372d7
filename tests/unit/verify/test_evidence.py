"""The texts that a check keeps are found with it, bounded."""

from __future__ import annotations

from underlay.verify.evidence import bounded, evidence, kept_of

__all__ = ["evidence"]


def test_keeps_the_texts_of_a_check(evidence, request):
    evidence("ip route", "default via 10.0.0.1")
    evidence("ip rule", "0: from all lookup local")
    assert kept_of(request.node) == [("ip route", "default via 10.0.0.1"), ("ip rule", "0: from all lookup local")]


def test_a_check_without_texts_has_none(request):
    assert kept_of(request.node) == []


def test_leaves_out_the_middle_and_notes_how_much():
    assert bounded("a" * 6 + "b" * 4 + "c" * 5, 10) == "aaaaa\n... 5 characters left out ...\nccccc"


def test_a_short_text_is_kept_whole():
    assert bounded("short", 10) == "short"
