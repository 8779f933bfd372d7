"""Changes in lines for a terminal: checks of one claim that changed alike are one line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .changes import ReportChange
from .grouping import without_durations
from .summary import named

# What stands in a line of what was seen.
LONG = 160


def together(changes: Iterable[ReportChange]) -> list[ReportChange]:
    found: dict[tuple[object, ...], list[ReportChange]] = {}
    for change in changes:
        claim = change.of[0] or change.what
        sides = (without_durations(change.before), without_durations(change.after))
        found.setdefault((change.kind, claim, *sides, change.worse), []).append(change)
    return [_one(alike) for alike in found.values()]


def _one(alike: list[ReportChange]) -> ReportChange:
    first = replace(alike[0], before=_cut(alike[0].before), after=_cut(alike[0].after))
    if len(alike) == 1:
        return first
    return replace(first, what=f"{first.of[0]}, {named([c.of[1] for c in alike])}")


def _cut(text: str) -> str:
    return text if len(text) <= LONG else text[: LONG - 1] + "…"
