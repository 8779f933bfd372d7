from __future__ import annotations

from typing import Any

import pytest

from underlay.model.difference import difference, in_words, member_difference


@pytest.mark.parametrize(
    ("observed", "expected", "text"),
    [
        ({"mtu": 1450, "more": 1}, {"mtu": 1450}, ""),
        ({"mtu": 1300, "state": "down"}, {"mtu": 1450, "state": "up"}, "mtu 1300, expected 1450; state down, expected up"),
        ({}, {"port": 8472}, "port none, expected 8472"),
        ({"encryption": False}, {"encryption": True}, "encryption off, expected on"),
    ],
)  # fmt: skip
def test_a_difference_names_each_field_with_both_values(
    observed: dict[str, Any], expected: dict[str, Any], text: str
) -> None:
    assert difference(observed, expected) == text


@pytest.mark.parametrize(
    ("observed", "expected", "text"),
    [
        (["a", "b"], ("b", "a"), ""),
        ([], {"b", "a"}, "missing a, b"),
        ({"a", "c"}, {"a", "b"}, "missing b; unexpected c"),
    ],
)
def test_members_are_missing_or_unexpected(observed: Any, expected: Any, text: str) -> None:
    assert member_difference(observed, expected) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "on"),
        (0, "0"),
        (None, "none"),
        ("", "none"),
        ([], "none"),
        (("a", 1), "a, 1"),
        ({"a": 1, "b": []}, "a 1, b none"),
    ],
)
def test_no_value_is_written_as_python_does(value: Any, text: str) -> None:
    assert in_words(value) == text
