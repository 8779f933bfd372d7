"""`underlay verify --watch`: a verification again and again, and what changed since the one before."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from .report_runs import file, read

_REPORT = "report: "
# Of a verification that did not come to a report.
_TAIL = 5


def watch(arguments: Sequence[str], *, every: float, rounds: Iterable[object]) -> int:
    """Verify until the rounds are over, or Ctrl-C; the exit status of the last one.

    A report that says the same as the one after it is deleted: those that are left are changes.

    :param arguments: of `underlay verify`. :param every: seconds from the begin of one to the begin of the next.
    """
    code, before = 1, None
    try:
        for _ in rounds:
            began = time.monotonic()
            # Each is a process of its own: a host that was gone is connected anew.
            command = [sys.executable, "-m", "underlay.cli.main", "verify", *arguments]
            ran = _to_its_end(command)
            code, before = ran.returncode, _tell(ran, before)
            time.sleep(max(0.0, every - (time.monotonic() - began)))
    except KeyboardInterrupt:
        click.echo("verify: no longer watching", err=True)
    return code


def _to_its_end(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a command; on Ctrl-C, which it gets as well, it has the time to remove its pods."""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", errors="replace"
    ) as process:
        try:
            out, err = process.communicate()
        except KeyboardInterrupt:
            process.communicate()
            raise
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def _tell(ran: subprocess.CompletedProcess[str], before: Path | None) -> Path | None:
    now = time.strftime("%Y-%m-%d %H:%M:%S")
    verdict, path = _said(ran.stdout)
    if path is None:
        click.echo(f"{now} not verified: it did not come to a report")
        for line in (ran.stderr + ran.stdout).splitlines()[-_TAIL:]:
            click.echo(f"  {line}")
        return before
    click.echo(f"{now} {verdict}")
    if before is None:
        lines = ran.stderr.splitlines() if ran.returncode else []
    else:
        lines = _differences(before, path)
        if not lines:
            shutil.rmtree(before)
    for line in lines:
        click.echo(f"  {line}")
    return path


def _said(output: str) -> tuple[str, Path | None]:
    """The verdict, and the report's folder."""
    lines = output.splitlines()
    path = next((Path(line.removeprefix(_REPORT)).parent for line in lines if line.startswith(_REPORT)), None)
    return (lines[0] if lines else ""), path


def _differences(before: Path, after: Path) -> list[str]:
    from underlay.report.changes import changes  # noqa: PLC0415
    from underlay.report.changes_text import merged  # noqa: PLC0415

    return [change.line for change in merged(changes(read(file(before)), read(file(after))))]
