"""What a mode's packet looks like on the wire, for a terminal."""

from __future__ import annotations

from .comparison import Comparison
from .packet_layout import Box, boxes, growth


def picture_text(mode: Comparison) -> str:
    """Boxes side by side, and below them what counts as what; empty where the mode carries no pods."""
    found = boxes(mode)
    if not found:
        return ""
    widths = [max(len(_top(b)), len(b.note)) + 2 for b in found]
    path = f"at most {mode.path_mtu}, the path's MTU"
    widths[-1] = max(widths[-1], len(path) + 6 - sum(widths[1:-1]))
    rows = [
        "┌" + "┬".join("─" * w for w in widths) + "┐",
        "│" + "│".join(_top(b).center(w) for b, w in zip(found, widths, strict=True)) + "│",
        "│" + "│".join(b.note.center(w) for b, w in zip(found, widths, strict=True)) + "│",
        "└" + "┴".join("─" * w for w in widths) + "┘",
    ]
    start = widths[0] + 1
    pod = next(i for i, b in enumerate(found) if b.role == "pod")
    if pod > 1:
        rows.append(" " * start + _span(growth(mode), sum(widths[1:pod]) + pod - 2))
    rows.append(" " * start + _span(path, sum(widths[1:]) + len(widths) - 2))
    return "\n".join(rows) + "\n"


def _top(box: Box) -> str:
    return f"{box.name} {'≤ ' if box.role == 'pod' else ''}{box.size}"


def _span(text: str, width: int) -> str:
    """Text in the middle of a line with ends: ╰── text ──╯"""
    room = max(width - len(text) - 2, 0)
    return "╰" + "─" * (room // 2) + f" {text} " + "─" * (room - room // 2) + "╯"
