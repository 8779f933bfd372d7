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


def test_what_was_seen_on_machines_stands_beside_the_highest_rung_whatever_that_is() -> None:
    own = {**line(3, "two machines"), "machines": True}
    entry = merge(KEPT, [line(4, "racks"), own], commit="b")["routed"]
    assert (entry["rung"], entry["how"], entry["machines"]) == (4, "racks", "rung 3, two machines, 2026-11-29, b")
    # A run without machines takes nothing away, nor does one that saw less of the mode itself.
    assert merge({"routed": entry}, [line(5, "again")], commit="c")["routed"]["machines"] == entry["machines"]
    assert merge(KEPT, [own], commit="b")["routed"] == {**KEPT["routed"], "machines": entry["machines"]}


def test_a_mode_that_was_never_observed_is_added() -> None:
    assert merge({}, [line(1, "rendered"), line(2, "accepted")], commit="b")["routed"]["rung"] == 2
