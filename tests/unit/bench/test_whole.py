"""What a run of all tests took, by its records."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.figures.whole import NAMES, rows_of
from tests.bench.measure import BenchError
from tests.summary.record import PARTS, Part

BEGAN = {"lint": 0.0, "unit": 30.0, "image": 0.0, "bundle": 60.0, "lab": 100.0}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One in which all tests ran in 1600 s, of which those of labs took 1500."""
    monkeypatch.chdir(tmp_path)
    PARTS.mkdir(parents=True)
    for name in NAMES:
        record(name, wall=1500 if name == "lab" else 20)
    (PARTS / "lab.xml").write_text(
        '<testsuites><testcase classname="tests.lab.test_a" name="test_b" time="1"/></testsuites>'
    )
    return tmp_path


def record(name: str, *, wall: float, status: int = 0, built: tuple[str, ...] = (), began: float | None = None) -> None:
    began = BEGAN[name] if began is None else began
    Part(name, status, began, wall, processor=1, machine=2, built=list(built)).write()


def test_a_run_is_from_its_first_part_to_its_last(checkout: Path) -> None:
    rows = {row.what: row.values for row in rows_of(checkout)}
    assert rows["`make test`, artifacts there"] == (1600,)
    assert rows["of it, lab"] == (1500,)
    assert rows["of it, tests passed"] == (1,)


def test_a_run_that_built_everything_began_with_nothing(checkout: Path) -> None:
    record("image", wall=60, built=("base image trixie-0c8e",))
    record("bundle", wall=600, built=("17 binaries",))
    assert rows_of(checkout)[0].what == "`make test` from nothing"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"wall": 20, "status": 2}, "the last `make test` failed: lint: exit status 2"),
        ({"wall": 20, "began": 5000.0}, "checks ran again"),
    ],
)
def test_what_is_no_whole_run_is_refused(checkout: Path, change: dict[str, float], message: str) -> None:
    for name in ("lint", "unit"):
        record(name, **change)  # type: ignore[arg-type]
    with pytest.raises(BenchError, match=message):
        rows_of(checkout)


def test_a_part_that_left_no_record_is_named(checkout: Path) -> None:
    (PARTS / "lab.json").unlink()
    with pytest.raises(BenchError, match="no record of lab"):
        rows_of(checkout)
