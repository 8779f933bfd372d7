"""The path matrix as SVG: who sends (rows) to whom (columns), and what came of it. A large cluster is told by racks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import median
from xml.sax.saxutils import escape

from .document import Report
from .observed import ObservedPath

# Past so many nodes single cells say nothing any more.
BY_RACK = 24
# Up to so many nodes a cell has room for a figure.
ROOMY = 8
_FITS = 14

Cells = dict[tuple[str, str], list[ObservedPath]]


def matrix(report: Report) -> str:
    """Empty where no path was tried."""
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
    width, height = left + len(order) * wide + (2 if roomy else 60), top + len(order) * high + 2
    parts = [f'<text class="note" x="{left}" y="12">to, from the left</text>']
    for i, name in enumerate(order):
        x = left + i * wide
        parts.append(_column(name, x + wide // 2, top - 8, slanted=not roomy))
        parts.append(f'<text class="name end" x="{left - 8}" y="{top + i * high + high // 2 + 5}">{_cut(name)}</text>')
    for row, one in enumerate(order):
        for column, other in enumerate(order):
            found = cells.get((one, other), [])
            parts += _cell(found, left + column * wide, top + row * high, wide, high, roomy=roomy)
    bad = sum(bool(p.failed) for found in cells.values() for p in found)
    tried = sum(len(found) for found in cells.values())
    label = f"Path matrix: {tried} directed paths tried, {tried - bad} whole, {bad} with failures"
    return "\n".join(
        [
            f'<svg class="figure" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'style="min-width: {width * 7 // 10}px" role="img" aria-label="{label}">',
            *parts,
            "</svg>",
        ]
    )


def _column(name: str, x: int, y: int, *, slanted: bool) -> str:
    if slanted:
        return f'<text class="name" transform="translate({x + 4} {y}) rotate(-60)">{_cut(name)}</text>'
    return f'<text class="name middle" x="{x}" y="{y}">{_cut(name, 11)}</text>'


def _cell(found: list[ObservedPath], x: int, y: int, wide: int, high: int, *, roomy: bool) -> Iterator[str]:
    bad = [p for p in found if p.failed]
    look = "none" if not found else ("bad" if bad else "good")
    title = "; ".join(_told(p) for p in (bad or found)[:6]) or "not tried"
    yield f'<g><title>{escape(title)}</title><rect class="cell {look}" x="{x + 1}" y="{y + 1}" '
    yield f'width="{wide - 2}" height="{high - 2}" rx="4"/>'
    middle, line = x + wide // 2, y + high // 2
    figure = _figure(found, bad) if roomy and found else ""
    yield f'<text class="middle mark" x="{middle}" y="{line - 2 if figure else line + 5}">{_mark(look)}</text>'
    if figure:
        yield f'<text class="note middle" x="{middle}" y="{line + 13}">{escape(figure)}</text>'
    yield "</g>"


def _mark(look: str) -> str:
    return {"good": "✓", "bad": "✗", "none": "·"}[look]


def _figure(found: list[ObservedPath], bad: list[ObservedPath]) -> str:
    """What stands below the mark: how many failed, or else how long a round trip takes."""
    if len(found) > 1:
        return f"{len(found) - len(bad)} of {len(found)}"
    if bad:
        return f"{len(bad[0].failed)} of {len(bad[0].checks)} fail"
    latencies = [p.latency_ms for p in found if p.latency_ms is not None]
    if latencies:
        return f"{median(latencies):.2f} ms"
    return f"{len(found[0].checks)} checks" if found[0].checks else ""


def _told(path: ObservedPath) -> str:
    if path.failed:
        return f"{path.from_} to {path.to}: " + ", ".join(f"{n}: {path.checks[n]}" for n in path.failed)
    return f"{path.from_} to {path.to}: {', '.join(path.checks) or 'measured'}"


def _cut(name: str, most: int = _FITS) -> str:
    return escape(name if len(name) <= most else name[: most - 1] + "…")
