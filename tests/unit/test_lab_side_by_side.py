"""Lab tests that run side by side keep out of one another's labs, and out of the way of those that measure time."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.lab import side_by_side
from tests.lab.side_by_side import SHARED, admitted, group_of


def item(file: str, *fixtures: str, **parameters: str) -> Any:
    return cast(
        Any, SimpleNamespace(path=Path(file), fixturenames=fixtures, callspec=SimpleNamespace(params=parameters))
    )


@pytest.mark.parametrize("lab", SHARED)
def test_what_shares_a_lab_runs_one_after_the_other(lab: str) -> None:
    assert group_of(item("test_a.py", lab)) == group_of(item("test_b.py", "request", lab))


def test_a_file_with_a_lab_of_its_own_is_a_group() -> None:
    assert group_of(item("test_a.py", "hosts")) != group_of(item("test_b.py", "hosts"))


def test_mutations_of_one_ground_are_a_group() -> None:
    one, again, other = (item("test_m.py", "healthy", healthy=ground) for ground in ("a", "a", "b"))
    assert group_of(one) == group_of(again) != group_of(other)


@pytest.mark.parametrize(
    ("first", "second", "together"), [(False, False, True), (True, False, False), (False, True, False)]
)
def test_only_those_that_measure_time_keep_others_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: bool, second: bool, together: bool
) -> None:
    monkeypatch.setattr(side_by_side, "_LOCKS", tmp_path)
    entered = Event()

    def enter() -> None:
        with admitted(alone=second):
            entered.set()

    thread = Thread(target=enter)
    with admitted(alone=first):
        thread.start()
        assert entered.wait(5 if together else 0.3) is together
    thread.join(10)
    assert entered.is_set()
