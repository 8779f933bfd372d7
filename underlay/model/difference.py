"""Differences between what a check expects and what it observed, in words for a person."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any


def difference(observed: Mapping[str, Any], expected: Mapping[str, Any]) -> str:
    """The fields that are not as expected: "mtu 1300, expected 1450; state down, expected up"; "" if all are."""
    return "; ".join(
        f"{name} {in_words(observed.get(name))}, expected {in_words(value)}"
        for name, value in expected.items()
        if observed.get(name) != value
    )


def member_difference(observed: Collection[str], expected: Collection[str]) -> str:
    """What lacks and what is too many, in any order: "missing 192.0.2.2; unexpected 192.0.2.9"; "" if nothing does."""
    parts = {"missing": set(expected) - set(observed), "unexpected": set(observed) - set(expected)}
    return "; ".join(f"{label} {in_words(sorted(names))}" for label, names in parts.items() if names)


def in_words(value: Any) -> str:
    """A value as an operator writes it: "on" for True, "none" for nothing, items with commas between them."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if value is None or value == "":
        return "none"
    if isinstance(value, Mapping):
        return in_words([f"{name} {in_words(inner)}" for name, inner in value.items()])
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(in_words(item) for item in value) or "none"
    return str(value)
