"""The pairs of hosts as a picture: a row for each that sends, a column for each that receives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

# Cells with words in them as long as there is room.
_WORDS_UP_TO = 16
_WIDE, _NARROW, _HIGH = 52, 11, 26
_LABEL = 7.2


@dataclass(frozen=True)
class Cell:
    """`word` stands in the cell, `title` shows over it; `kind` names its look: good, bad, fair, none."""

    word: str
    title: str
    kind: str


def matrix(
    hosts: Sequence[str], pairs: Mapping[tuple[str, str], Any], cell: Callable[[Any], Cell], *, name: str
) -> str:
    """An SVG picture; pairs that were not asked stay empty."""
    wide = len(hosts) <= _WORDS_UP_TO
    width, height = (_WIDE, _HIGH) if wide else (_NARROW, _NARROW)
    margin = int(max(map(len, hosts)) * _LABEL) + 14
    parts = [
        f'<svg role="img" aria-label="{escape(name)}" viewBox="0 0 {margin + width * len(hosts) + 2} '
        f'{margin + height * len(hosts) + 2}" width="{margin + width * len(hosts) + 2}">'
    ]
    for i, host in enumerate(hosts):
        y = margin + height * i + height / 2 + 4
        x = margin + width * i + width / 2 + 4
        if wide or i % 5 == 0:
            parts.append(f'<text x="{margin - 6}" y="{y}" text-anchor="end">{escape(host)}</text>')
            parts.append(f'<text transform="translate({x} {margin - 6}) rotate(-90)">{escape(host)}</text>')
    for i, source in enumerate(hosts):
        for j, target in enumerate(hosts):
            x, y = margin + width * j, margin + height * i
            if (source, target) not in pairs:
                continue
            found = cell(pairs[source, target])
            parts.append(
                f'<g class="{found.kind}"><title>{escape(f"{source} to {target}: {found.title}")}</title>'
                f'<rect x="{x + 1}" y="{y + 1}" width="{width - 2}" height="{height - 2}" rx="2"/>'
            )
            if wide:
                parts.append(f'<text x="{x + width / 2}" y="{y + 17}" text-anchor="middle">{escape(found.word)}</text>')
            elif found.kind == "bad":
                # Not by colour alone.
                parts.append(f'<path d="M{x + 2} {y + 2}l7 7m0-7l-7 7"/>')
            parts.append("</g>")
    return "".join([*parts, "</svg>"])


def reach(pair: Mapping[str, Any]) -> Cell:
    """Whether every port and protocol passes."""
    lanes = pair["lanes"]
    shut = [f"{title} {state}" for title, state in lanes.items() if state not in ("open", "not probed")]
    asked = sum(state != "not probed" for state in lanes.values())
    if shut:
        return Cell(f"{len(shut)} shut", "; ".join(shut), "bad")
    if asked < len(lanes):
        return Cell(f"{asked} of {len(lanes)}", f"{asked} of {len(lanes)} asked, all open", "fair")
    return Cell("open", f"{asked} ports and protocols open", "good")


def path(usual: int) -> Callable[[Mapping[str, Any]], Cell]:
    """The largest packet, against the largest of all paths."""

    def cell(pair: Mapping[str, Any]) -> Cell:
        size = pair["path_mtu"]
        if not size:
            return Cell("?", "not measured", "none")
        return Cell(str(size), f"{size} bytes pass", "good" if size >= usual else "fair")

    return cell


def trip(longest: float) -> Callable[[Mapping[str, Any]], Cell]:
    """The round trip of the first packet."""

    def cell(pair: Mapping[str, Any]) -> Cell:
        taken = pair["rtt_ms"]
        if taken is None:
            return Cell("?", "no answer", "none")
        return Cell(
            f"{taken:.1f}", f"{taken} ms, over {pair['hops'] or 0} routers", "fair" if taken > longest else "good"
        )

    return cell
