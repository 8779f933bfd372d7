"""The summary of a test run: one screen, what failed first, the folder of a failed lab test last."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from tests.summary import __main__ as summary
from tests.summary import record
from tests.summary.record import Part, forget, junit
from tests.summary.results import FAILED, PASSED, SKIPPED, Result, read
from tests.summary.screen import Run, show

MODULE = """
import pytest
@pytest.fixture
def broken(): raise RuntimeError("no such host")
def test_bad(record_property):
    record_property("folder", "reports/failed-tests/test_bad-1")
    assert 1 == 2, "one is not two"
def test_long(): assert 1 == 2, "exit status 1, at the end:\\nError: timed out\\n  on w-1"
def test_unable(): pytest.skip("needs a kernel with IPIP")
def test_without(broken): pass
class TestClass:
    @pytest.mark.parametrize("word", ["a b"])
    def test_good(self, word): pass
"""


@pytest.fixture(autouse=True)
def parts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(record, "PARTS", tmp_path / "parts")


def part(name: str, status: int = 0, *, began: float = 0, built: list[str] | None = None) -> Part:
    return Part(name, status, began, wall=75, processor=4.25, machine=150, built=built or [])


def screen(run: Run, *, width: int = 120) -> str:
    file = io.StringIO()
    show(run, Console(file=file, width=width))
    return "".join(f"{line.rstrip()}\n" for line in file.getvalue().splitlines())


def test_reads_what_pytest_wrote(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(MODULE)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml=out.xml", "test_it.py"]
    subprocess.run(command, cwd=tmp_path, check=False, capture_output=True)
    results = read(tmp_path / "out.xml")
    found = {(r.name, r.outcome, r.why, r.folder) for r in results}
    assert found == {
        ("test_it.py::test_bad", FAILED, "AssertionError: one is not two", "reports/failed-tests/test_bad-1"),
        ("test_it.py::test_long", FAILED, "AssertionError: exit status 1, at the end:", ""),
        ("test_it.py::test_unable", SKIPPED, "needs a kernel with IPIP", ""),
        ("test_it.py::test_without", FAILED, 'failed on setup with "RuntimeError: no such host"', ""),
        ("test_it.py::TestClass::test_good[a b]", PASSED, "", ""),
    }
    lines = screen(Run({"lab": part("lab", 1)}, {"lab": results}, status=1)).splitlines()
    assert lines[-5:] == [
        "test_it.py::test_long:",
        "  Error: timed out",
        "    on w-1",
        "what failed lab tests left:",
        "reports/failed-tests/test_bad-1",
    ]


def test_a_run_that_passed() -> None:
    unit = [Result("unit/test_a.py::test_1", PASSED, 2.5), Result("unit/test_a.py::test_2", SKIPPED, 0, "no browser")]
    lab = [Result("lab/test_b.py::test_3", PASSED, 130)]
    parts = {"lint": part("lint"), "unit": part("unit"), "lab": part("lab", began=75, built=["base image trixie-1"])}
    assert (
        screen(Run(parts, {"unit": unit, "lab": lab}, status=0))
        == """\
passed: 3 tests in 2:30 min: 2 passed, 1 skipped
part   ended       wall   processor   whole machine   tests   failed   skipped
lint   well    1:15 min       4.2 s        2:30 min
unit   well    1:15 min       4.2 s        2:30 min       2        0         1
lab    well    1:15 min       4.2 s        2:30 min       1        0         0
skipped: 1
         1  no browser
slowest:
  2:10 min  lab/test_b.py::test_3
     2.5 s  unit/test_a.py::test_1
     0.0 s  unit/test_a.py::test_2
built: base image trixie-1
"""
    )


def test_what_failed_is_first_and_the_folders_are_last() -> None:
    bad = Result("lab/test_b.py::test_3", FAILED, 1, "assert [red] == 1", folder="reports/failed-tests/test_3-1")
    lines = screen(Run({"unit": None, "lab": part("lab", 1)}, {"lab": [bad]}, status=2)).splitlines()
    assert lines[:2] == [
        "FAILED (unit: not run to its end; lab: exit status 1): 1 test in 1:15 min: 1 failed",
        "  lab/test_b.py::test_3: assert [red] == 1",
    ]
    assert lines[-2:] == ["what failed lab tests left:", "reports/failed-tests/test_3-1"]
    assert "built: nothing, all was there" in lines


@pytest.mark.parametrize("width", [60, 200])
def test_stays_short_whatever_happened(width: int) -> None:
    failed = [
        Result(f"lab/test_{n}.py::test", FAILED, n, "why " * 90, f"reports/{n}", ("more " * 90,) * 50)
        for n in range(50)
    ]
    skipped = [Result(f"lab/test_{n}.py::test", SKIPPED, 0, f"reason {n} " * 90) for n in range(50)]
    parts = {name: part(name, 1, built=["x " * 80] * 9) for name in ("lint", "unit", "image", "bundle", "lab")}
    lines = screen(Run(parts, {"lab": failed + skipped}, status=2), width=width).splitlines()
    assert len(lines) <= 40 + 12 * 15
    assert max(map(len, lines)) <= width
    assert "  and 38 more failed" in lines
    assert "  and 44 more reasons" in lines


@pytest.mark.parametrize(
    ("unit", "lab", "status", "ended"),
    [(0, 0, 0, 0), (0, 1, 2, 1), (0, 5, 0, 0), (5, 5, 0, 1), (0, None, 2, 1), (0, 0, 2, 1)],
)
def test_ends_well_only_if_every_part_did_and_something_was_selected(
    unit: int, lab: int | None, status: int, ended: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """A part none of whose tests is selected is no failure, as long as another has some."""
    for name, code in (("unit", unit), ("lab", lab)):
        forget(name)
        if code is not None:
            part(name, code).write()
            case = '<testcase classname="test_a" name="test_1" time="1"/>' if code != 5 else ""
            junit(name).write_text(f"<testsuites><testsuite>{case}</testsuite></testsuites>")
    assert summary.main([str(status), "unit", "lab"]) == ended
    assert capsys.readouterr().out.startswith("FAILED (" if ended else "passed: ")
