"""Runs the live tests against a cluster, keeps their report, and says what failed."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from gevent import subprocess
from pyinfra import logger

from underlay.files import shipped
from underlay.report.load import read_report
from underlay.report.summary import failures, notes, verdict

from .run import Run, Verification

LIVE = shipped("tests/live")
REPORTS = Path("reports")
# What else is installed beside pytest is nothing to the checks, and loads for a third of a second.
_BARE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
# Lines of pytest's own output that are shown where there is no report.
TAIL = 10
# Seconds that an interrupted run has to finish its queries and to delete its namespace.
TIDY_S = 60


def run_checks(run: Run) -> list[str]:
    """Run the live tests against the inventory's cluster; what failed, in lines for a terminal."""
    with (
        run_folder(run.spec.cluster.name) as (partial, directory),
        tempfile.NamedTemporaryFile("w", suffix=".json") as hosts,
    ):
        # Only this user may read it: variables can hold passwords.
        json.dump(_context(run), hosts, default=str)
        hosts.flush()
        code, output = _output_of(
            [sys.executable, "-m", "pytest", str(LIVE), "-q", "-p", "no:cacheprovider", "-c", os.devnull,
             # Its own prints are captured, and what the checks tell meanwhile is not.
             "--capture=sys", "--no-header", "--tb=short", f"--rootdir={LIVE}"],
            {"UNDERLAY_HOSTS": hosts.name, "UNDERLAY_REPORT": str(partial), **_BARE},
        )  # fmt: skip
    path = directory / "report.json"
    if not path.exists():
        run.verification = Verification("verification did not run")
        return ["verification did not run:", *output.splitlines()[-TAIL:]]
    report = read_report(path.read_text(), where=str(path))
    run.verification = Verification(
        verdict(report),
        notes=notes(report),
        report=str(directory.resolve() / "report.html"),
        nodes={name: {"version": n.version, "state": n.state or "not asked"} for name, n in report.nodes.items()},
    )
    if report.verdict == "verified" and code == 0:
        return []
    logger.debug(output)
    if report.cut_short:
        return [run.verification.verdict, *failures(report), *output.splitlines()[-TAIL:]]
    return [run.verification.verdict, *failures(report)]


@contextmanager
def run_folder(cluster: str) -> Iterator[tuple[Path, Path]]:
    """A run's folder, by the name it has while it is written and the one it gets when it is whole."""
    name = f"{cluster}-{time.strftime('%Y%m%d-%H%M%S')}"
    for number in count(1):
        directory = REPORTS / (name if number == 1 else f"{name}-{number}")
        partial = directory.with_name(f"{directory.name}.partial")
        # Another run may have begun in the same second.
        with suppress(FileExistsError):
            partial.mkdir(parents=True)
            if not directory.exists():
                break
            partial.rmdir()
    yield partial, directory
    # One without a report is none.
    with suppress(OSError):
        partial.rmdir()
        return
    partial.rename(directory)


def _output_of(command: list[str], environment: dict[str, str]) -> tuple[int, str]:
    """Exit status and standard output of a command; on Ctrl-C it is left the time to remove what it made."""
    with subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.PIPE) as process:
        try:
            output, _ = process.communicate()
        except KeyboardInterrupt:
            try:
                with suppress(subprocess.TimeoutExpired):
                    process.communicate(timeout=TIDY_S)
            finally:
                process.kill()
            raise
    return process.returncode, output.decode(errors="replace").strip()


def _context(run: Run) -> dict[str, Any]:
    """What the checks and their report are told: the inventory, and what the deploy did and found so far."""
    found = [f.as_dict() for f in run.preflight.findings or ()]
    # A run that asked its hosts knows the path already.
    path = {"path_mtu": run.spec.cluster.path_mtu} if run.observed.answers else {}
    return {
        "hosts": run.inventory.hosts,
        "groups": run.inventory.groups,
        "phases": run.log.phases,
        "findings": found,
        **path,
    }
