"""What each mode's packet looks like on the wire, header by header, as SVG that reads in light and in dark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from underlay.templates import render

from .comparison import Comparison
from .packet_layout import Box, boxes, growth

MARGIN, HEIGHT, WIDTH = 8, 54, 900
_LEAST_POD = 230
OVERVIEW = "all-data-paths.svg"


@dataclass(frozen=True)
class PlacedBox:
    """A box of a packet and where it stands, in pixels."""

    box: Box
    x: int
    width: int


@dataclass(frozen=True)
class Line:
    """A line of text by its baseline."""

    y: int
    text: str


@dataclass(frozen=True)
class Bracket:
    """Text below what reaches from `left` to `right`."""

    left: int
    right: int
    y: int
    text: str


@dataclass(frozen=True)
class Row:
    """A packet, the lines above it and the brackets below it; `y` is the top of its boxes."""

    y: int
    titles: Sequence[Line]
    boxes: Sequence[PlacedBox]
    brackets: Sequence[Bracket] = ()


def drawn(modes: Sequence[Comparison]) -> dict[str, str]:
    """File name -> figure: one for each mode whose packets are known, and one of all data paths."""
    found = {f"{mode.mode}.svg": picture(mode) for mode in modes if boxes(mode)}
    return {**found, OVERVIEW: overview(modes)}


def picture(mode: Comparison) -> str:
    """One mode's figure."""
    found = boxes(mode)
    widths = _widths(found)
    title, y = f"{mode.mode}: {mode.data_path}", 26
    row = Row(y, [Line(16, title)], _placed(found, widths), _brackets(mode, found, widths, y + HEIGHT))
    return _svg([row], width=sum(widths) + 2 * MARGIN, height=y + HEIGHT + 62, title=title)


def overview(modes: Sequence[Comparison]) -> str:
    """All data paths, each once, with the modes whose packets look like that."""
    groups: dict[tuple[tuple[str, int, str], ...], list[Comparison]] = {}
    for mode in modes:
        if found := boxes(mode):
            groups.setdefault(tuple((b.name, b.size, b.note if b.role == "pod" else "") for b in found), []).append(
                mode
            )
    ordered = sorted(groups.values(), key=lambda g: (g[0].overhead, g[0].mode))
    packets = [_alike([boxes(mode) for mode in group]) for group in ordered]
    width = max([WIDTH, *(sum(_widths(packet)) + 2 * MARGIN for packet in packets)])
    rows, top = [], 4
    for group, packet in zip(ordered, packets, strict=True):
        titles = [Line(top + 14 + 17 * i, text) for i, text in enumerate(_lines([m.mode for m in group]))]
        top += 17 * len(titles) + 6
        rows.append(Row(top, titles, _placed(packet, _widths(packet, width))))
        top += HEIGHT + 22
    return _svg(rows, width=width, height=top, title="What a packet looks like on the wire, mode by mode")


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


def _placed(found: Sequence[Box], widths: Sequence[int]) -> list[PlacedBox]:
    starts = accumulate(widths, initial=MARGIN)
    return [PlacedBox(box, x, width) for box, x, width in zip(found, starts, widths, strict=False)]


def _brackets(mode: Comparison, found: Sequence[Box], widths: Sequence[int], top: int) -> list[Bracket]:
    start = MARGIN + widths[0]
    pod = next(i for i, b in enumerate(found) if b.role == "pod")
    added = [Bracket(start, start + sum(widths[1:pod]), top + 6, growth(mode))] if pod > 1 else []
    path = f"at most {mode.path_mtu} bytes: the MTU of the path between nodes"
    return [*added, Bracket(start, start + sum(widths[1:]), top + 32, path)]


def _lines(names: Sequence[str], most: int = 110) -> list[str]:
    lines = [""]
    for name in names:
        more = f"{lines[-1]}, {name}" if lines[-1] else name
        lines = [*lines[:-1], more] if len(more) <= most else [*lines[:-1], lines[-1] + ",", name]
    return lines


def _svg(rows: Sequence[Row], *, width: int, height: int, title: str) -> str:
    size = {"width": width, "height": height, "margin": MARGIN, "box_height": HEIGHT}
    return render("svg/packets.svg", rows=rows, title=title, **size)
