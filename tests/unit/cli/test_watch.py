"""What is told of one verification after another, and which of their reports are kept."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.unit.report.reports import report, with_failure
from underlay.cli import watch
from underlay.cli.verify import verify_command
from underlay.report.document import Report


class Verifications:
    """`underlay verify`, as its output says: each report in turn, None for one that does not come to any."""

    def __init__(self, directory: Path, reports: Sequence[Report | None]) -> None:
        self.directory, self.reports, self.commands = directory, list(reports), list[list[str]]()

    def __call__(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        self.commands.append([*command])
        found = self.reports[len(self.commands) - 1]
        if found is None:
            return subprocess.CompletedProcess(command, 1, "", "underlay: cp-1: no answer on port 22\n")
        folder = self.directory / f"demo-{len(self.commands)}"
        folder.mkdir()
        (folder / "report.json").write_text(found.to_json())
        failed = found.verdict == "failed"
        text = f"demo: {found.sentence}\nreport: {folder}/report.html\n"
        return subprocess.CompletedProcess(command, int(failed), text, "Pod to pod over TCP: no\n" if failed else "")


def watched(monkeypatch: pytest.MonkeyPatch, directory: Path, *reports: Report | None) -> tuple[int, Verifications]:
    verifications = Verifications(directory, reports)
    monkeypatch.setattr(watch, "_to_its_end", verifications)
    return watch.watch(["lab.py", "--keep-pods"], every=0, rounds=reports), verifications


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Without the times."""
    return [line if line.startswith(" ") else line[20:] for line in capsys.readouterr().out.splitlines()]


def test_reports_that_say_the_same_are_not_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, verifications = watched(monkeypatch, tmp_path, report(), report(), report())
    assert code == 0
    assert verifications.commands[0][1:] == ["-m", "underlay.cli.main", "verify", "lab.py", "--keep-pods"]
    assert lines(capsys) == [f"demo: {report().sentence}"] * 3
    assert [p.name for p in tmp_path.iterdir()] == ["demo-3"]


def test_what_breaks_and_what_passes_again_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _ = watched(monkeypatch, tmp_path, report(), with_failure(), report())
    assert code == 0
    printed = lines(capsys)
    assert any(line.startswith("  Pod to pod over TCP, w-1 to w-2: passed") for line in printed)
    assert any("-> passed" in line for line in printed)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["demo-1", "demo-2", "demo-3"]


def test_the_first_tells_what_fails_and_one_without_a_report_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _ = watched(monkeypatch, tmp_path, with_failure(), None)
    assert code == 1
    assert lines(capsys)[1:] == [
        "  Pod to pod over TCP: no",
        "not verified: it did not come to a report",
        "  underlay: cp-1: no answer on port 22",
    ]


def test_ctrl_c_ends_it_with_the_last_status(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verifications = Verifications(tmp_path, [report()])

    def interrupted(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        if verifications.commands:
            raise KeyboardInterrupt
        return verifications(command)

    monkeypatch.setattr(watch, "_to_its_end", interrupted)
    assert watch.watch(["lab.py"], every=0, rounds=range(9)) == 0
    assert capsys.readouterr().err == "verify: no longer watching\n"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--watch", "20", "--json"], "--watch: is with neither --json nor --reboot; leave these out"),
        (["--watch", "20", "--reboot", "--yes"], "--watch: is with neither --json nor --reboot; leave these out"),
        (
            ["--metrics", "x.prom", "--limit", "w-1"],
            "--metrics: some hosts say nothing of the cluster; leave out --limit",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(options: list[str], problem: str) -> None:
    ran = CliRunner().invoke(verify_command, ["missing.py", *options])
    assert (ran.exit_code, ran.output) == (1, f"underlay: {problem}\n")
