"""Texts that a check keeps, such as a command's output: the report shows them folded below the check."""

from __future__ import annotations

from collections.abc import Callable

import pytest

# Bytes of one piece; what is longer keeps its beginning and its end.
LIMIT = 20_000

KeepEvidence = Callable[[str, str], None]

_KEPT: pytest.StashKey[list[tuple[str, str]]] = pytest.StashKey()


@pytest.fixture
def evidence(request: pytest.FixtureRequest) -> KeepEvidence:
    """Keep a text with the check that calls this: `evidence("ip route", output)`; whether it passes or fails."""
    kept = request.node.stash.setdefault(_KEPT, [])

    def keep(name: str, text: str) -> None:
        kept.append((name, bounded(text)))

    return keep


def kept_of(item: pytest.Item) -> list[tuple[str, str]]:
    """Name and text of every piece that a check kept so far."""
    kept: list[tuple[str, str]] = item.stash.get(_KEPT, [])
    return list(kept)


def bounded(text: str, limit: int = LIMIT) -> str:
    """A text of about `limit` bytes at most: the middle is left out, with a note of how much."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n... {len(text) - 2 * half} characters left out ...\n{text[-half:]}"
