"""The path matrix as SVG: who sends (rows) to whom (columns), and the results. A large cluster is shown by racks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from underlay.templates import render

from .document import Report
from .observed import ObservedPath

# Past this many nodes single cells are too small to read.
BY_RACK = 24
# Up to this many nodes a cell has room for a figure.
ROOMY = 8
# Characters of a name that fit next to a row, and above a column that is not slanted.
_FITS, _FITS_COLUMN = 14, 11

Cells = dict[tuple[str, str], list[ObservedPath]]


@dataclass(frozen=True)
class MatrixEnd:
    """The names of an end, next to its row and above its column."""

    row: str
    column: str


@dataclass(frozen=True)
class PathCell:
    """`look` is good, bad or none; `title` is the tooltip, and `figure` the text below the mark, if any."""

    look: str
    title: str
    figure: str


def matrix(report: Report) -> str:
    """Empty where no path was tested."""
    if not report.paths:
        return ""
    by_rack = len(report.nodes) > BY_RACK
    name: Callable[[str], str] = (lambda n: report.nodes[n].rack if n in report.nodes else n) if by_rack else str
    cells: Cells = {}
    for path in report.paths:
        cells.setdefault((name(path.from_), name(path.to)), []).append(path)
    ends = dict.fromkeys(end for cell in cells for end in cell)
    order = [n for n in dict.fromkeys(name(n) for n in report.nodes) if n in ends]
    order += [n for n in ends if n not in order]
    return _drawn(order, cells, roomy=by_rack or len(order) <= ROOMY)


def _drawn(order: list[str], cells: Cells, *, roomy: bool) -> str:
    wide, high = (84, 40) if roomy else (28, 28)
    left = 16 + 7 * min(max(len(n) for n in order), _FITS)
    top = 42 if roomy else 44 + 6 * min(max(len(n) for n in order), _FITS)
    bad = sum(bool(p.failed) for found in cells.values() for p in found)
    tested = sum(len(found) for found in cells.values())
    return render(
        "svg/path_matrix.svg",
        ends=[MatrixEnd(_cut(name), _cut(name, _FITS_COLUMN if roomy else _FITS)) for name in order],
        rows=[[_cell(cells.get((one, other), []), roomy=roomy) for other in order] for one in order],
        label=f"Path matrix: {tested} directed paths tested, {tested - bad} passed, {bad} with failures",
        width=left + len(order) * wide + (2 if roomy else 60),
        height=top + len(order) * high + 2,
        **{"left": left, "top": top, "wide": wide, "high": high, "roomy": roomy},
    )


def _cell(found: list[ObservedPath], *, roomy: bool) -> PathCell:
    bad = [p for p in found if p.failed]
    title = "; ".join(_title(p) for p in (bad or found)[:6]) or "not tested"
    look = "none" if not found else ("bad" if bad else "good")
    return PathCell(look, title, _figure(found, bad) if roomy and found else "")


def _figure(found: list[ObservedPath], bad: list[ObservedPath]) -> str:
    """The text below the mark: how many failed, or else how long a round trip takes."""
    if len(found) > 1:
        return f"{len(found) - len(bad)} of {len(found)}"
    if bad:
        return f"{len(bad[0].failed)} of {len(bad[0].checks)} fail"
    latencies = [p.latency_ms for p in found if p.latency_ms is not None]
    if latencies:
        return f"{median(latencies):.2f} ms"
    return f"{len(found[0].checks)} checks" if found[0].checks else ""


def _title(path: ObservedPath) -> str:
    if path.failed:
        return f"{path.from_} to {path.to}: " + ", ".join(f"{n}: {path.checks[n]}" for n in path.failed)
    return f"{path.from_} to {path.to}: {', '.join(path.checks) or 'measured'}"


def _cut(name: str, most: int = _FITS) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"
