"""A part of a test run leaves a record of how it ended, and ends when it is stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.summary import part, record
from tests.summary.record import Part, junit, read

BUSY = "import time; t = time.process_time()\nwhile time.process_time() < t + 0.3: pass"


@pytest.fixture(autouse=True)
def parts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(record, "PARTS", tmp_path / "parts")
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # pytest's own stay
    monkeypatch.setenv("UNDERLAY_HOME", str(tmp_path / "home"))
    return tmp_path / "parts"


def recorded(name: str) -> Part:
    found = read(name)
    assert found is not None
    return found


def test_the_times_of_a_part_are_its_processes_own() -> None:
    before = time.time()
    assert part.main(["lint", "--", sys.executable, "-c", BUSY]) == 0
    found = recorded("lint")
    assert 0.3 <= found.processor < 20
    assert 0.3 <= found.wall < 60
    assert before <= found.began <= found.ended
    assert found.machine > 0.2


@pytest.mark.parametrize(("script", "status"), [("exit 3", 3), ("kill -9 $$", 137)])
def test_the_exit_status_is_the_commands(script: str, status: int) -> None:
    assert part.main(["lint", "--", "sh", "-c", script]) == status
    assert recorded("lint").status == status


def test_what_was_built_is_noted(tmp_path: Path) -> None:
    image = tmp_path / "home/images/trixie-1"
    assert part.main(["image", "--", "mkdir", "-p", str(image)]) == 0
    assert recorded("image").built == ["base image trixie-1"]


def test_a_part_that_is_run_again_does_not_keep_the_record_of_the_last_time(parts: Path) -> None:
    assert part.main(["lint", "--", "true"]) == 0
    with pytest.raises(FileNotFoundError):
        part.main(["lint", "--", str(parts / "none")])
    assert read("lint") is None


@pytest.mark.parametrize(
    ("options", "selected", "status"),
    [([], "nothing", 5), (["--or-none"], "nothing", 0), (["--or-none"], "good", 0), (["--or-none"], "bad", 1)],
)
def test_a_part_none_of_whose_tests_is_selected(options: list[str], selected: str, status: int, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_good(): pass\ndef test_bad(): assert 0\n")
    pytest_ = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path), "-k", selected]
    assert part.main(["unit", "--tests", *options, "--", *pytest_]) == status
    assert recorded("unit").selected_nothing == (selected == "nothing")
    assert junit("unit").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stops_with_its_command(number: int, parts: Path) -> None:
    """Ctrl-C reaches the whole group, as from a terminal; SIGTERM is passed on."""
    code = f"""
import sys, pathlib
from tests.summary import part, record
record.PARTS = pathlib.Path({str(parts)!r})
part.main(["unit", "--", "sh", "-c", "echo started; exec sleep 100"])
"""
    process = subprocess.Popen(
        ["env", "--default-signal=INT", sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"started\n"
    if number == signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    assert process.wait(30) == -number
    assert process.stdout.read() == b""  # its command holds the pipe no more
    assert read("unit") is None


def test_counts_what_the_machine_was_busy_with(tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    stat.write_text("cpu  100 20 30 9000 500 1 2 70 50 60\ncpu0 1 2 3\n")
    assert part.machine_seconds(stat) == (100 + 20 + 30 + 1 + 2) / os.sysconf("SC_CLK_TCK")
    assert part.machine_seconds(tmp_path / "none") == 0
