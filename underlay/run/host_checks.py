"""The checks of the verification that concern a host alone, without traffic: for one that was just changed."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from pyinfra.api import State

from underlay.plan.rollout import PHASES
from underlay.report.load import read_report

from .live_tests import OF_HOSTS, TAIL, run_pytest
from .run import Run


def check_hosts(run: Run, state: State, names: Sequence[str]) -> dict[str, list[str]]:
    """What is wrong with each of these hosts, as lines; a host that is well has none.

    What the network's objects will bring is not expected yet.
    """
    found: dict[str, list[str]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        code, output = run_pytest(run, state, OF_HOSTS, to=Path(folder), only=names, phases=PHASES)
        path = Path(folder) / "report.json"
        if not path.exists():
            return {name: ["its checks did not run:", *output.splitlines()[-TAIL:]] for name in names}
        report = read_report(path.read_text(encoding="utf-8"), where=str(path))
    for check in report.of("failed"):
        for name in check.hosts:
            if name in found:
                found[name].append(f"{check.area}, {check.name}: {check.detail}")
    if code and not any(found.values()):
        return {name: ["its checks did not end well:", *output.splitlines()[-TAIL:]] for name in names}
    return found
