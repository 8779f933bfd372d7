"""What each mode's packet looks like on the wire, header by header, as SVG that reads in light and in dark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from xml.sax.saxutils import escape

from .comparison import Comparison
from .packet_layout import Box, boxes, growth

# Boxes carry their own colours and dark text; what stands between them follows the reader's scheme.
_FILLS = {
    "frame": "#d0d7de",
    "network": "#9ecbff",
    "transport": "#a5e3d8",
    "overlay": "#ffc680",
    "crypt": "#d8b9ff",
    "inner": "#dfe3e8",
    "pod": "#a8e0a0",
}
_STYLE = """\
text { font: 13px ui-sans-serif, system-ui, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328; text-anchor: middle }
.size { font-size: 12px } .note { font-size: 11px }
.out { fill: #59636e } .line, .edge { stroke: #59636e; fill: none } .left { text-anchor: start }
.title { font-weight: 600 } .sealed { fill: url(#sealed) }
@media (prefers-color-scheme: dark) { .out { fill: #b1bac4 } .line { stroke: #b1bac4 } }"""
# What nobody on the way can read.
_SEALED = (
    '<defs><pattern id="sealed" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<path d="M0 0 V7" stroke="#6639ba" stroke-opacity=".45" stroke-width="2"/></pattern></defs>'
)
MARGIN, HEIGHT, WIDTH = 8, 54, 900
_LEAST_POD = 230
OVERVIEW = "all-data-paths.svg"


def drawn(modes: Sequence[Comparison]) -> dict[str, str]:
    """File name -> figure: one for each mode whose packets are known, and one of all data paths."""
    found = {f"{mode.mode}.svg": picture(mode) for mode in modes if boxes(mode)}
    return {**found, OVERVIEW: overview(modes)}


def picture(mode: Comparison) -> str:
    """One mode's figure."""
    found = boxes(mode)
    widths = _widths(found)
    parts = [*_row(found, widths, 26), *_brackets(mode, found, widths, 26 + HEIGHT)]
    title = f"{mode.mode}: {mode.data_path}"
    head = f'<text class="out title left" x="{MARGIN}" y="16">{escape(title)}</text>'
    return _svg([head, *parts], width=sum(widths) + 2 * MARGIN, height=26 + HEIGHT + 62, title=title)


def overview(modes: Sequence[Comparison]) -> str:
    """All data paths, each once, with the modes whose packets look like that."""
    groups: dict[tuple[tuple[str, int, str], ...], list[Comparison]] = {}
    for mode in modes:
        if found := boxes(mode):
            groups.setdefault(tuple((b.name, b.size, b.note if b.role == "pod" else "") for b in found), []).append(
                mode
            )
    ordered = sorted(groups.values(), key=lambda g: (g[0].overhead, g[0].mode))
    rows = [_alike([boxes(mode) for mode in group]) for group in ordered]
    width = max([WIDTH, *(sum(_widths(row)) + 2 * MARGIN for row in rows)])
    parts, top = [], 4
    for group, row in zip(ordered, rows, strict=True):
        names = _lines([m.mode for m in group])
        parts += [
            f'<text class="out title left" x="{MARGIN}" y="{top + 14 + 17 * i}">{escape(line)}</text>'
            for i, line in enumerate(names)
        ]
        top += 17 * len(names) + 6
        parts += _row(row, _widths(row, width), top)
        top += HEIGHT + 22
    return _svg(parts, width=width, height=top, title="What a packet looks like on the wire, mode by mode")


def _alike(packets: Sequence[Sequence[Box]]) -> list[Box]:
    """One packet for several that differ in their notes: those that are short enough, side by side."""
    merged = []
    for same in zip(*packets, strict=True):
        notes = list(dict.fromkeys(box.note for box in same))
        note = _either(notes) if len(notes) > 1 else notes[0]
        merged.append(replace(same[0], note=note))
    return merged


def _either(notes: Sequence[str]) -> str:
    """`port 4789`, `port 8472` -> `port 4789 or 8472`; nothing where they have no word in common."""
    words, *others = (note.split(" ") for note in notes)
    if all(note[:-1] == words[:-1] for note in others) and len(words) > 1:
        return " ".join([*words[:-1], " or ".join([words[-1], *(note[-1] for note in others)])])
    return ""


def _widths(found: Sequence[Box], width: int = WIDTH) -> list[int]:
    """Wide enough for the words, wider for more bytes; the pod's packet, far the largest, takes what is left."""
    widths = [max(8 * len(b.name), 6 * len(b.note) + 6, 40) + 12 + b.size // 4 for b in found]
    pod = next(i for i, b in enumerate(found) if b.role == "pod")
    widths[pod] = 0
    widths[pod] = max(width - 2 * MARGIN - sum(widths), _LEAST_POD)
    return widths


def _row(found: Sequence[Box], widths: Sequence[int], top: int) -> list[str]:
    parts, x = [], MARGIN
    for box, width in zip(found, widths, strict=True):
        shape = f'x="{x}" y="{top}" width="{width}" height="{HEIGHT}"'
        free = box.role == "reserve"
        look = 'class="line" stroke-dasharray="4 3"' if free else f'class="edge" style="fill: {_FILLS[box.role]}"'
        parts.append(f"<rect {look} {shape}/>")
        if box.encrypted:
            parts.append(f'<rect class="sealed" {shape}/>')
        size = f"up to {box.size} bytes" if box.role == "pod" else str(box.size)
        for words, kind, down in ((box.name, "", 18), (size, "size", 33), (box.note, "note", 47)):
            look = f"{kind} out" if free else kind
            at = f'x="{x + width // 2}" y="{top + down}"'
            parts += [f'<text class="{look.strip()}" {at}>{escape(words)}</text>'] if words else []
        if box.role == "pod":
            parts.append(_break(x + 22, top))
        x += width
    return parts


def _break(x: int, top: int) -> str:
    """The mark of something not drawn to scale."""
    zigzag = f"l-5 {HEIGHT // 3} l10 {HEIGHT // 3 - HEIGHT // 6} l-5 {HEIGHT - 2 * (HEIGHT // 3) + HEIGHT // 6}"
    return f'<path class="edge" d="M{x} {top} {zigzag}"/><path class="edge" d="M{x + 5} {top} {zigzag}"/>'


def _brackets(mode: Comparison, found: Sequence[Box], widths: Sequence[int], top: int) -> list[str]:
    start = MARGIN + widths[0]
    pod = next(i for i, b in enumerate(found) if b.role == "pod")
    parts = []
    if pod > 1:
        parts += _bracket(start, start + sum(widths[1:pod]), top + 6, growth(mode))
    end = start + sum(widths[1:])
    return [
        *parts,
        *_bracket(start, end, top + 32, f"at most {mode.path_mtu} bytes: the MTU of the path between nodes"),
    ]


def _bracket(left: int, right: int, y: int, words: str) -> list[str]:
    return [
        f'<path class="line" d="M{left + 1} {y} v6 H{right - 1} v-6"/>',
        f'<text class="out size" x="{(left + right) // 2}" y="{y + 20}">{escape(words)}</text>',
    ]


def _lines(names: Sequence[str], most: int = 110) -> list[str]:
    lines = [""]
    for name in names:
        more = f"{lines[-1]}, {name}" if lines[-1] else name
        lines = [*lines[:-1], more] if len(more) <= most else [*lines[:-1], lines[-1] + ",", name]
    return lines


def _svg(parts: Sequence[str], *, width: int, height: int, title: str) -> str:
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{escape(title, {chr(34): "&quot;"})}">'
    )
    return "\n".join([head, f"<style>{_STYLE}</style>", _SEALED, *parts, "</svg>", ""])
