"""Changes as lines for a terminal: checks of one claim that changed in the same way are one line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .changes import ReportChange
from .grouping import without_durations
from .summary import named

# Characters of a check's detail in a line.
LONG = 160


def merged(changes: Iterable[ReportChange]) -> list[ReportChange]:
    found: dict[tuple[object, ...], list[ReportChange]] = {}
    for change in changes:
        claim = change.check[0] or change.what
        sides = (without_durations(change.before), without_durations(change.after))
        found.setdefault((change.kind, claim, *sides, change.worse), []).append(change)
    return [_line(same) for same in found.values()]


def _line(same: list[ReportChange]) -> ReportChange:
    first = replace(same[0], before=_cut(same[0].before), after=_cut(same[0].after))
    if len(same) == 1:
        return first
    return replace(first, what=f"{first.check[0]}, {named([c.check[1] for c in same])}")


def _cut(text: str) -> str:
    return text if len(text) <= LONG else text[: LONG - 1] + "…"
