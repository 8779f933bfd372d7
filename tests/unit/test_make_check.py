"""`make check`: its parts run side by side, the failure of each is shown and fails the whole, and output is not mixed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ("ruff", "mypy", "lint-imports", "cog", "pytest")


@dataclass(frozen=True)
class Made:
    rc: int
    lines: list[str]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A checkout whose programs print two lines, some time apart, and fail if they are named in FAIL."""
    for name in ("pyproject.toml", "tools/install.sh", "docs/page.md", ".venv/.installed"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    shutil.copyfile(ROOT / "Makefile", tmp_path / "Makefile")
    (tmp_path / ".venv/bin").mkdir()
    for name in PROGRAMS:
        program = tmp_path / ".venv/bin" / name
        program.write_text(
            f'#!/bin/sh\necho "{name} begins: $*"\nsleep 0.1\necho "{name} ends"\ncase " $FAIL " in *" {name} "*) exit 1;; esac\n'
        )
        program.chmod(0o755)
    python = tmp_path / ".venv/bin/python"  # runs each part, and keeps its record below this directory
    python.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return tmp_path


def make(directory: Path, *arguments: str, fail: str = "") -> Made:
    # What the make that these tests run below was given is not for this one.
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    for name in ("OR_NONE", "ARGS", "WORKERS"):
        environment.pop(name, None)
    ran = subprocess.run(
        ["make", *arguments],
        cwd=directory,
        env=environment | {"FAIL": fail},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Made(ran.returncode, ran.stdout.splitlines())


def mixed(lines: list[str]) -> list[str]:
    """Programs whose two lines do not stand together."""
    begun = {i: line.partition(" begins")[0] for i, line in enumerate(lines) if " begins" in line}
    return [name for i, name in begun.items() if lines[i + 1] != f"{name} ends"]


def test_every_part_is_run_once(directory: Path) -> None:
    made = make(directory, "check")
    assert made.rc == 0
    assert mixed(made.lines) == []
    begun = [line.split()[0] for line in made.lines if " begins" in line]
    # What is in order says nothing about imports.
    assert sorted(begun) == sorted(["ruff", "ruff", "mypy", "cog", "pytest"])


@pytest.mark.parametrize("failing", [*PROGRAMS, " ".join(PROGRAMS)])
def test_a_part_that_fails_is_shown_and_fails_the_whole(directory: Path, failing: str) -> None:
    made = make(directory, "check", fail=failing)
    assert made.rc != 0
    assert mixed(made.lines) == []
    # Those beside it are run to their end all the same.
    assert {line.split()[0] for line in made.lines if line.endswith(" ends")} >= {"ruff", "mypy", "cog", "pytest"}
    assert {f"{name} ends" for name in failing.split()} <= set(made.lines)
    if "pytest" not in failing:
        assert any("lint-" in line and "Error" in line for line in made.lines)


@pytest.mark.parametrize("target", ["check", "unit"])
def test_arguments_are_those_of_pytest(directory: Path, target: str) -> None:
    made = make(directory, target, "ARGS=-k 'one or two'")
    assert made.rc == 0
    assert [line for line in made.lines if line.startswith("pytest begins")] == [
        "pytest begins: tests/unit -q -n auto -k one or two --junitxml=.cache/parts/unit.xml"
    ]
