"""A wait ends with its condition; its bound grows with the load, and is a bound all the same."""

from __future__ import annotations

import subprocess
from itertools import count

import pytest

from tests.lab import waiting
from tests.lab.waiting import listening, patience, shell_until, slowness, until


@pytest.mark.parametrize(("load", "cores", "slow"), [(0.3, 2, 1.0), (20.0, 2, 10.0), (2.0, None, 2.0)])
def test_slowness_is_what_wants_to_run_on_a_core(
    monkeypatch: pytest.MonkeyPatch, load: float, cores: int | None, slow: float
) -> None:
    monkeypatch.setattr("os.getloadavg", lambda: (load, 0.0, 0.0))
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    assert slowness() == slow


@pytest.mark.parametrize(
    ("load", "given", "seconds"), [(8.0, None, "90"), (100.0, None, "900"), (100.0, "24", "240"), (0.0, "24", "24")]
)
def test_limits_of_commands_grow_with_the_load(
    monkeypatch: pytest.MonkeyPatch, load: float, given: str | None, seconds: str
) -> None:
    monkeypatch.setattr("os.getloadavg", lambda: (load, 0.0, 0.0))
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    if given is None:
        monkeypatch.delenv("UNDERLAY_PATIENCE", raising=False)
    else:
        monkeypatch.setenv("UNDERLAY_PATIENCE", given)
    assert patience() == seconds


def test_the_answer_is_returned() -> None:
    numbers = count()
    assert until(lambda: next(numbers) == 3 and "here", within=60, every=0) == "here"


def test_on_a_busy_machine_the_bound_is_later(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = count(0, 10)
    loads = iter([4.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    monkeypatch.setattr(waiting, "slowness", lambda: next(loads))
    questions = []
    with pytest.raises(AssertionError, match=r"not observed within 40 s, the machine 4\.0 times as busy"):
        until(lambda: questions.append(1), within=10, every=0)  # type: ignore[func-returns-value]
    assert len(questions) == 4


def test_a_condition_in_shell() -> None:
    assert subprocess.run(["sh", "-c", shell_until("true")], check=False).returncode == 0
    assert subprocess.run(["sh", "-c", shell_until("false", within=1)], check=False).returncode == 124


def test_a_port_nobody_listens_at_is_waited_for() -> None:
    assert "ss -Hlnu sport = :8472" in listening("u", 8472)
