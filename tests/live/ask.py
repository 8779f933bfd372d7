"""Puts a question to a node, and judges the answer."""

from __future__ import annotations

from tasks.cluster.check import Check

from .evidence import Evidence
from .target import Target


def expect(target: Target, check: Check, evidence: Evidence) -> None:
    """Fail with what was seen, and where to look first."""
    ran = target.host(check.node).run(check.command)
    first = check.command.strip().splitlines()[0][:160]
    look = f"; look at {check.look or f'`{first}` on {check.node}'}"
    if ran.rc:
        evidence(first, f"{ran.stdout}{ran.stderr}")
    assert ran.rc == 0, f"`{first}` ended with {ran.rc}: {ran.stderr.strip()[-300:]}{look}"
    problem = check.judge(ran.stdout)
    if problem is not None:
        evidence(first, ran.stdout)
    assert problem is None, f"{problem}{look}"
