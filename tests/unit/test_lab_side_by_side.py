"""Lab tests that run side by side keep out of one another's labs, and out of the way of those that measure time."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.lab import side_by_side
from tests.lab.deployed import ROOT
from tests.lab.side_by_side import ALONE, LONGEST, Admission, group_of, heavy, place_of

FILES = [path.stem for path in sorted((ROOT / "tests/lab").glob("test_*.py"))]
# Fixtures that are one lab for all files that use them, by the functions of the lab tests' conftest.
LABS = ("racks", "pair", "api_server", "trio", "fabric", "fabric_beside_flannel", "bare", "unfit", "none", "bystanders")


@pytest.mark.parametrize("lab", LABS)
def test_files_that_deploy_to_one_lab_run_one_after_the_other(lab: str) -> None:
    uses = re.compile(rf"\b{lab}: Deployed\b")
    files = [path for path in (ROOT / "tests/lab").glob("test_*.py") if uses.search(path.read_text())]
    assert files
    assert len({group_of(f"tests/lab/{path.name}::test") for path in files}) == 1


def test_no_two_labs_have_one_network() -> None:
    text = "\n".join(path.read_text() for path in (ROOT / "tests/lab").glob("*.py"))
    written = re.findall(r"\"10\.(\d+)\.0\.0/16\"", text)
    # Pods have one subnet in every cluster; three hosts in two racks stand for two files.
    assert {network for network, count in Counter(map(int, written)).items() if count > 1} <= {244, 245, 90}


def test_a_file_with_a_lab_of_its_own_is_a_group() -> None:
    assert group_of("tests/lab/test_a.py::test_x[y::z: w]") == "test_a"


def test_the_labs_of_one_file_are_groups() -> None:
    first, second = (group_of(f"tests/lab/test_modes.py::test_x[{lab}: case, one]") for lab in ("blue", "red"))
    assert (first, second) == ("test_modes, blue", "test_modes, red")


def test_the_longest_begin_and_those_that_measure_time_are_last() -> None:
    assert place_of(LONGEST[0]) < place_of(LONGEST[1]) < place_of("any other") < place_of(ALONE[0])


def test_every_group_that_has_a_place_exists() -> None:
    from tests.lab.grounds import GROUNDS  # noqa: PLC0415

    names = [f"tests/lab/{file}.py::test" for file in FILES]
    names += [f"tests/lab/test_mutations.py::test[{ground}: case]" for ground in GROUNDS]
    groups = {group_of(name) for name in names}
    assert {*LONGEST, *ALONE} <= groups


@pytest.mark.parametrize(
    ("first", "second", "together"), [(False, False, True), (True, False, False), (False, True, False)]
)
def test_only_those_that_measure_time_keep_others_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: bool, second: bool, together: bool
) -> None:
    monkeypatch.setattr(side_by_side, "_LOCKS", tmp_path)
    entered = Event()
    one, other = Admission(), Admission()

    def enter() -> None:
        other.enter(alone=second)
        entered.set()

    thread = Thread(target=enter)
    one.enter(alone=first)
    thread.start()
    assert entered.wait(5 if together else 0.3) is together
    one.leave(stay_alone=False)
    thread.join(10)
    assert entered.is_set()


def test_nobody_comes_between_two_that_measure_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "_LOCKS", tmp_path)
    entered = Event()
    one, other = Admission(), Admission()
    one.enter(alone=True)

    def enter() -> None:
        other.enter(alone=False)
        entered.set()

    thread = Thread(target=enter)
    thread.start()
    one.leave(stay_alone=True)
    one.enter(alone=True)
    assert not entered.wait(0.3)
    one.leave(stay_alone=False)
    thread.join(10)
    assert entered.is_set()


def test_as_many_heavy_phases_at_once_as_there_are_cores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "_LOCKS", tmp_path)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    entered = Event()

    def enter() -> None:
        with heavy():
            entered.set()

    thread = Thread(target=enter)
    with heavy():
        with heavy():
            thread.start()
            assert not entered.wait(0.3)
        assert entered.wait(10)
    thread.join(10)
