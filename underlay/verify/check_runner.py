"""Runs a check's command on its node, and judges the output."""

from __future__ import annotations

import time
from typing import Any, Protocol

from underlay.model.check import Check
from underlay.report.document import FIRST_ANSWER

from .evidence import KeepEvidence

# A busy host may answer a moment later.
_RETRY_S = 1.0


class Shells(Protocol):
    """Whatever has a shell on each host."""

    def host(self, name: str, /) -> Any: ...


def expect(target: Shells, check: Check, evidence: KeepEvidence) -> None:
    """Fail with what is wrong at the second attempt, and where to look first."""
    ran, problem = _run(target, check)
    if ran.rc or problem is not None:
        first_answer = problem or f"exit status {ran.rc}"
        time.sleep(_RETRY_S)
        ran, problem = _run(target, check)
        if not ran.rc and problem is None:
            evidence(FIRST_ANSWER, first_answer)
    first = check.command.strip().splitlines()[0][:160]
    look = f"; look at {check.look or f'`{first}` on {check.node}'}"
    if ran.rc:
        evidence(first, f"{ran.stdout}{ran.stderr}")
    assert ran.rc == 0, f"`{first}`: exit status {ran.rc}: {ran.stderr.strip()[-300:]}{look}"
    if problem is not None:
        evidence(first, ran.stdout)
    assert problem is None, f"{problem}{look}"


def _run(target: Shells, check: Check) -> tuple[Any, str | None]:
    ran = target.host(check.node).run(check.command)
    return ran, None if ran.rc else check.judge(ran.stdout)
