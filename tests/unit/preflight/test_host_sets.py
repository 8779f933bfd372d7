"""Sets of pairs, said as a person would."""

from __future__ import annotations

import pytest

from underlay.findings.host_sets import hosts, pairs

RACKS = {"a": "one", "b": "one", "c": "two", "d": "two"}
ASKED = {(x, y) for x in RACKS for y in RACKS if x != y}


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (ASKED, "between all hosts"),
        ({("a", "b")}, "a to b"),
        ({("a", "c"), ("c", "a")}, "a and c"),
        ({p for p in ASKED if p[1] == "b"}, "to b, from everywhere"),
        ({p for p in ASKED if p[0] in "ab"}, "from a and b, to everywhere"),
        ({p for p in ASKED if "d" in p}, "between d and all others"),
        ({(x, y) for x, y in ASKED if RACKS[x] == "one" and RACKS[y] == "two"}, "from one to two"),
        ({(x, y) for x, y in ASKED if RACKS[x] != RACKS[y]}, "between one and two"),
        ({("a", "c"), ("b", "d")}, "a to c, b to d"),
    ],
)
def test_pairs_are_told_by_what_they_have_in_common(found: set[tuple[str, str]], words: str) -> None:
    assert pairs(found, ASKED, RACKS) == words


def test_many_hosts_are_a_number() -> None:
    assert hosts([f"w-{i}" for i in range(1, 41)]) == "w-1, w-2, w-3, w-4 and 36 more"
    assert hosts(["w-10", "w-9"]) == "w-9 and w-10"
