"""What the proof table keeps of what runs saw."""

from __future__ import annotations

from typing import Any

import pytest

from tests.proof import merge

KEPT = {"routed": {"rung": 4, "how": "before", "date": "2026-11-01", "commit": "a"}}


def line(rung: int, how: str) -> dict[str, Any]:
    return {"mode": "routed", "rung": rung, "how": how, "date": "2026-11-29"}


@pytest.mark.parametrize(
    ("lines", "how"),
    [
        ([line(4, "racks"), line(4, "segment")], "racks"),
        ([line(1, "rendered"), line(4, "racks")], "racks"),
        ([line(5, "racks"), line(4, "segment")], "racks"),
        ([line(1, "rendered")], "before"),
        ([], "before"),
    ],
)
def test_the_highest_rung_stands_and_of_equal_ones_the_first_of_this_run(lines: list[dict[str, Any]], how: str) -> None:
    assert merge(KEPT, lines, commit="b")["routed"]["how"] == how


def test_a_mode_that_was_never_observed_is_added() -> None:
    assert merge({}, [line(1, "rendered"), line(2, "accepted")], commit="b")["routed"]["rung"] == 2
