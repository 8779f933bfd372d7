"""Lab tests that run side by side keep out of one another's labs, and out of the way of those that measure time."""

from __future__ import annotations

import re
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.lab import side_by_side
from tests.lab.deployed import ROOT
from tests.lab.side_by_side import admitted, group_of

# Fixtures that are labs, by the functions of the lab tests' conftest.
LABS = ("racks", "pair", "trio", "fabric", "bare", "restarted")


@pytest.mark.parametrize("lab", LABS)
def test_files_that_deploy_to_one_lab_run_one_after_the_other(lab: str) -> None:
    uses = re.compile(rf"\b{lab}: Deployed\b")
    files = [path for path in (ROOT / "tests/lab").glob("test_*.py") if uses.search(path.read_text())]
    assert files
    assert len({group_of(f"tests/lab/{path.name}::test") for path in files}) == 1


def test_a_file_with_a_lab_of_its_own_is_a_group() -> None:
    assert group_of("tests/lab/test_a.py::test_x[y::z]") == "test_a"


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
