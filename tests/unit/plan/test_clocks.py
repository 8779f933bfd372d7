"""Clocks that agree or do not, by the answers of hosts that may be late."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from underlay.plan.clocks import Offset, apart
from underlay.verify import clock_offsets
from underlay.verify.clock_offsets import Clocks

OFF = "its clock is {} s off the other hosts'; set up time synchronisation"


def offset(ahead: float, *, late: float = 0.2, looked: float = 0.5) -> Offset:
    """A host's offset `ahead`, in a round trip of `late` seconds after a part of which it read its clock."""
    return Offset.of(1_000_000 + ahead + late * looked, sent=0.0, received=late)


@pytest.mark.parametrize("looked", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("late", [0.0, 3.0, 40.0, 600.0])
def test_lateness_alone_reports_nothing(late: float, looked: float) -> None:
    found = {"a": offset(0, late=0), "b": offset(0, late=late, looked=looked), "c": offset(0, late=late, looked=0.3)}
    assert apart(found) == {}
    assert apart({"a": found["a"], "b": found["b"]}) == {}


@pytest.mark.parametrize(("ahead", "reported"), [(4.7, ""), (-4.7, ""), (6, "+6"), (60, "+60"), (-60, "-60")])
def test_the_one_that_is_off_is_reported_and_no_other(ahead: float, reported: str) -> None:
    found = apart({"a": offset(0), "b": offset(ahead, late=0.4), "c": offset(0.1, late=0)})
    assert found == ({"b": OFF.format(reported)} if reported else {})


def test_of_two_both_are_reported() -> None:
    assert apart({"a": offset(0), "b": offset(60)}) == {"a": OFF.format("-30"), "b": OFF.format("+30")}


def test_a_minute_is_found_behind_an_answer_that_took_half_of_one() -> None:
    assert apart({"a": offset(0), "b": offset(60, late=30), "c": offset(0, late=5)}).keys() == {"b"}


def test_no_clock_is_no_problem() -> None:
    assert apart({}) == {}


class Shell:
    """A host whose answers take their time."""

    def __init__(self, now: list[float], *takes: float, says: str | None = None) -> None:
        self.now, self.takes, self.says, self.queries = now, list(takes), says, 0

    def run(self, _: str) -> Any:
        self.queries += 1
        looked = self.now[0]
        self.now[0] += self.takes.pop(0)
        return SimpleNamespace(stdout=f"{looked if self.says is None else self.says}\n")


def read(monkeypatch: pytest.MonkeyPatch, *takes: float, says: str | None = None) -> tuple[Clocks, Shell]:
    now = [100.0]
    monkeypatch.setattr(clock_offsets.time, "monotonic", lambda: now[0])  # type: ignore[attr-defined]
    shell = Shell(now, *takes, says=says)
    return clock_offsets.read(lambda _: shell, ["a"]), shell


def test_a_quick_answer_is_not_queried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    found, shell = read(monkeypatch, 0.3)
    assert (shell.queries, found.problem("a"), found.doubt("a")) == (1, None, None)


def test_the_quickest_of_late_answers_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    found, shell = read(monkeypatch, 9, 2, 7)
    assert (shell.queries, found.offsets["a"].uncertainty, found.doubt("a")) == (3, 2, None)


def test_of_a_host_that_is_always_late_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    found, _ = read(monkeypatch, 9, 12, 7)
    assert found.problem("a") is None
    assert found.doubt("a") == "it answered after 7 s, too late to judge its clock"


def test_an_answer_that_is_no_time_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    found, _ = read(monkeypatch, 0.1, says="date: no such thing")
    assert found.problem("a") == "its clock cannot be read: date: no such thing"
