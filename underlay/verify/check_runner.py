"""Puts a question to a node, and judges the answer."""

from __future__ import annotations

import time
from typing import Any, Protocol

from underlay.model.check import Check
from underlay.report.document import AT_FIRST

from .evidence import KeepEvidence

# A host that is busy may answer a moment later.
_MOMENT_S = 1.0


class Shells(Protocol):
    """Whoever has a shell on each host."""

    def host(self, name: str, /) -> Any: ...


def expect(target: Shells, check: Check, evidence: KeepEvidence) -> None:
    """Fail with what was seen the second time, and where to look first."""
    ran, problem = _asked(target, check)
    if ran.rc or problem is not None:
        at_first = problem or f"it ended with {ran.rc}"
        time.sleep(_MOMENT_S)
        ran, problem = _asked(target, check)
        if not ran.rc and problem is None:
            evidence(AT_FIRST, at_first)
    first = check.command.strip().splitlines()[0][:160]
    look = f"; look at {check.look or f'`{first}` on {check.node}'}"
    if ran.rc:
        evidence(first, f"{ran.stdout}{ran.stderr}")
    assert ran.rc == 0, f"`{first}` ended with {ran.rc}: {ran.stderr.strip()[-300:]}{look}"
    if problem is not None:
        evidence(first, ran.stdout)
    assert problem is None, f"{problem}{look}"


def _asked(target: Shells, check: Check) -> tuple[Any, str | None]:
    ran = target.host(check.node).run(check.command)
    return ran, None if ran.rc else check.judge(ran.stdout)
