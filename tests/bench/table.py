"""Measured values as rows and markdown tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True)
class Row:
    """One line of a table: what was measured, and the value of each counted run.

    `target` is what the project aims for; `ratio` compares it with another row.
    """

    what: str
    unit: str
    values: tuple[float, ...]
    ratio: str = ""
    target: str = ""

    @property
    def median(self) -> float:
        return median(self.values)

    def cells(self) -> tuple[str, ...]:
        runs = ", ".join(_number(v) for v in self.values) if len(set(self.values)) > 1 else f"{len(self.values)} x"
        return self.what, f"{_number(self.median)} {self.unit}".strip(), runs, self.ratio, self.target


@dataclass(frozen=True)
class Section:
    """What one figure found. `how` is the sentence that lets a reader judge and repeat it."""

    name: str
    title: str
    how: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    facts: tuple[str, ...] = field(default=())

    def markdown(self) -> str:
        head = ("what", "median", "counted runs", "ratio", "target: minimum / aim")
        lines = [f"## {self.title}", "", *table(head, [row.cells() for row in self.rows]), "", self.how]
        lines += ["", *(f"- {note}" for note in self.notes)] if self.notes else []
        return "\n".join([*lines, "", *(f"*{fact}*" for fact in self.facts)]).rstrip() + "\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a markdown table; columns that are empty in every row are left out."""
    kept = [i for i in range(len(head)) if any(row[i] for row in rows)]
    lines = [[head[i] for i in kept], ["---"] * len(kept), *([row[i] for i in kept] for row in rows)]
    return [f"| {' | '.join(line)} |" for line in lines]


def fraction(ours: Row, rival: Row) -> str:
    """How many times our median fits into the rival's, as the fraction the aims are stated in: "1/42"."""
    times = rival.median / ours.median
    return f"1/{times:.1f}" if times < 20 else f"1/{times:.0f}"


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.2f}" if value < 10 else f"{value:.1f}"
