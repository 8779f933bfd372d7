"""Sets of pairs in words that a person would use."""

from __future__ import annotations

import pytest

from underlay.findings.host_sets import by_reason, name_hosts, name_pairs

RACKS = {"a": "one", "b": "one", "c": "two", "d": "two"}
PROBED = {(x, y) for x in RACKS for y in RACKS if x != y}


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (PROBED, "between all hosts"),
        ({("a", "b")}, "a to b"),
        ({("a", "c"), ("c", "a")}, "a and c"),
        ({p for p in PROBED if p[1] == "b"}, "to b from all others"),
        ({p for p in PROBED if p[0] in "ab"}, "from a and b to all others"),
        ({p for p in PROBED if "d" in p}, "between d and all others"),
        ({(x, y) for x, y in PROBED if RACKS[x] == "one" and RACKS[y] == "two"}, "from one to two"),
        ({(x, y) for x, y in PROBED if RACKS[x] != RACKS[y]}, "between one and two"),
        ({("a", "c"), ("b", "d")}, "a to c, b to d"),
    ],
)
def test_pairs_are_named_by_what_they_have_in_common(found: set[tuple[str, str]], words: str) -> None:
    assert name_pairs(found, PROBED, RACKS) == words


def test_many_hosts_are_counted() -> None:
    assert name_hosts([f"w-{i}" for i in range(1, 41)]) == "w-1, w-2, w-3, w-4 and 36 more"
    assert name_hosts(["w-10", "w-9"]) == "w-9 and w-10"


def test_a_hundred_hosts_with_one_reason_are_one_line() -> None:
    reasons = {f"w-{n}": "no answer on port 22 (timed out)" for n in range(1, 101)} | {"cp-1": "its key has changed"}
    assert by_reason(reasons) == [
        "w-1, w-2, w-3, w-4 and 96 more: no answer on port 22 (timed out)",
        "cp-1: its key has changed",
    ]
    assert by_reason({}) == []
