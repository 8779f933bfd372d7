"""`make test`: its parts in their order, then the summary; stand-ins for its programs end as they are bid."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit import test_make_check
from tests.unit.test_make_check import make

directory = test_make_check.directory
PYTEST = """#!/bin/sh
for a; do case $a in --junitxml=*) results=${a#*=};; esac; done
case "$*" in *tests/unit*) status=$UNIT;; *) status=$LAB;; esac
[ $status = 5 ] || case='<testcase classname="tests.test_a" name="test_1" time="1"/>'
echo "<testsuites><testsuite>$case</testsuite></testsuites>" >$results
exit $status
"""


@pytest.fixture
def checkout(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("UNDERLAY_HOME", str(directory / "home"))
    for name, text in (("pytest", PYTEST), ("underlay", "#!/bin/sh\n")):
        (directory / ".venv/bin" / name).write_text(text)
        (directory / ".venv/bin" / name).chmod(0o755)
    return directory


@pytest.mark.parametrize(
    ("arguments", "unit", "lab", "rc", "said"),
    [
        ([], 0, 0, 0, "passed: 2 tests"),
        (["ARGS=-k word"], 0, 5, 0, "passed: 1 test"),
        (["ARGS=-k word"], 5, 0, 0, "passed: 1 test"),
        (["ARGS=-k word"], 5, 5, 2, "FAILED (no test is selected): 0 tests"),
        ([], 0, 1, 2, "FAILED (lab: exit status 1): 2 tests"),
        ([], 1, 0, 2, "FAILED (lab: not run to its end; unit: exit status 1): 1 test"),
    ],
)
def test_ends_as_its_parts_do(
    arguments: list[str], unit: int, lab: int, rc: int, said: str, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNIT", str(unit))
    monkeypatch.setenv("LAB", str(lab))
    made = make(checkout, "test", *arguments)
    assert made.rc == rc, made.lines
    screen = made.lines[next(i for i, line in enumerate(made.lines) if line.startswith(("passed", "FAILED"))) :]
    assert screen[0].startswith(f"{said} in ")
    rows = [line.split()[0] for line in screen[screen.index(next(s for s in screen if s.startswith("part "))) + 1 :]]
    assert rows[: rows.index("skipped:")] == [*([] if arguments else ["lint"]), "unit", "image", "bundle", "lab"]


def test_without_artifacts_no_cluster_is_tested(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNIT", "0")
    (checkout / ".venv/bin/underlay").write_text("#!/bin/sh\nexit 1\n")
    made = make(checkout, "test")
    assert made.rc == 2
    message = "FAILED (bundle: not run to its end; lab: not run to its end; image: exit status 1): 1 test in "
    assert any(line.startswith(message) for line in made.lines)


@pytest.mark.parametrize("target", ["unit", "test-lab"])
def test_a_part_by_itself_needs_tests(target: str, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNIT", "5")
    monkeypatch.setenv("LAB", "5")
    assert make(checkout, target, "ARGS=-k word").rc == 2
