"""The table of what was broken and which checks caught it, written by the runs that measured it.

UNDERLAY_MUTATIONS names the file that rows are added to.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from .mutations import Mutation

TABLE = os.environ.get("UNDERLAY_MUTATIONS", "")


@dataclass(frozen=True)
class Verdict:
    """The areas with failures, and the first message of each."""

    failed: dict[str, str]
    seconds: float


def broken(mutation: Mutation, *, run: Callable[[str, str], object], verify: Callable[[], Verdict]) -> None:
    """Break something, judge the verdict, and repair it whatever that is.

    :param run: has shell run on a host.
    """
    try:
        for host, step in mutation.steps:
            run(host, step)
        verdict = verify()
    finally:
        for host, step in mutation.undo:
            run(host, step)
    judge(mutation, verdict)


def judge(mutation: Mutation, verdict: Verdict) -> None:
    """Add a row, where a table is being made; fail where an expected check passed, or one without a cause failed."""
    if TABLE:
        with open(TABLE, "a", encoding="utf-8") as file:
            file.write(row(mutation, verdict))
    missed = [area for area in mutation.caught if not any(failure.startswith(area) for failure in verdict.failed)]
    unrelated = {a: s for a, s in verdict.failed.items() if not a.startswith((*mutation.caught, *mutation.also))}
    assert (missed, unrelated) == ([], {}), verdict.failed


def row(mutation: Mutation, verdict: Verdict) -> str:
    areas = {area: failure for area, failure in verdict.failed.items() if area.startswith(mutation.caught)}
    first = next(iter(areas.values()), "nothing: NOT CAUGHT").partition("; look at")[0].replace("|", "/")
    others = len(verdict.failed) - len(areas)
    return f"| {mutation.name} | {'; '.join(areas)} | {first[:160]} | {others} | {verdict.seconds:.0f} |\n"
