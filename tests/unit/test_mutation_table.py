"""The row of a mutation, and the verdict on checks that missed it or failed without a cause."""

from __future__ import annotations

import pytest

from tests.lab import mutation_table
from tests.lab.mutation_table import Verdict, judge, row
from tests.lab.mutations import Mutation

CUT = Mutation("a wire cut", (), (), ("On the wire",), ("Names",))
WIRE, NAMES, HOST = "On the wire between two nodes", "Names outside the cluster", "Host state"


def test_a_row_names_what_caught_it_and_counts_the_other_areas() -> None:
    verdict = Verdict({NAMES: "w-1: none", WIRE: "w-1 to w-2: a | b; look at the plug"}, 12.4)
    assert row(CUT, verdict) == f"| a wire cut | {WIRE} | w-1 to w-2: a / b | 1 | 12 |\n"


def test_says_in_the_table_what_was_not_caught() -> None:
    assert row(CUT, Verdict({}, 3)) == "| a wire cut |  | nothing: NOT CAUGHT | 0 | 3 |\n"


def test_expected_checks_have_to_fail_and_allowed_ones_may() -> None:
    judge(CUT, Verdict({WIRE: "cut"}, 1))
    judge(CUT, Verdict({WIRE: "cut", NAMES: "none"}, 1))


@pytest.mark.parametrize("failed", [{}, {NAMES: "none"}, {WIRE: "cut", HOST: "a sysctl"}])
def test_missed_and_unrelated_failures_are_errors(failed: dict[str, str]) -> None:
    with pytest.raises(AssertionError):
        judge(CUT, Verdict(failed, 1))


@pytest.fixture(autouse=True)
def no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutation_table, "TABLE", "")
