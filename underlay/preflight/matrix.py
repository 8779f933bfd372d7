"""The pairs of hosts as an SVG matrix: a row for each sender, a column for each receiver."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from underlay.templates import render

# Cells have words in them up to this number of hosts.
_WORDS_UP_TO = 16
_WIDE, _NARROW, _HIGH = 52, 11, 26
_LABEL = 7.2


@dataclass(frozen=True)
class PairCell:
    """`word` is the cell's text, `title` its tooltip; `kind` selects its style: good, bad, fair, none."""

    word: str
    title: str
    kind: str


@dataclass(frozen=True)
class PlacedCell:
    """A cell by the numbers of its row and column."""

    row: int
    column: int
    word: str
    title: str
    kind: str


def matrix(
    hosts: Sequence[str], pairs: Mapping[tuple[str, str], Any], cell: Callable[[Any], PairCell], *, name: str
) -> str:
    """An SVG picture; pairs that were not probed stay empty.

    :param cell: makes the cell of a pair's entry in preflight's JSON.
    :param name: text alternative of the picture.
    """
    wide = len(hosts) <= _WORDS_UP_TO
    width, height = (_WIDE, _HIGH) if wide else (_NARROW, _NARROW)
    margin = int(max(map(len, hosts)) * _LABEL) + 14
    return render(
        "svg/pair_matrix.svg",
        hosts=hosts,
        cells=list(_placed(hosts, pairs, cell)),
        name=name,
        wide=wide,
        margin=margin,
        cell_width=width,
        cell_height=height,
        width=margin + width * len(hosts) + 2,
        height=margin + height * len(hosts) + 2,
    )


def _placed(
    hosts: Sequence[str], pairs: Mapping[tuple[str, str], Any], cell: Callable[[Any], PairCell]
) -> Iterator[PlacedCell]:
    for row, source in enumerate(hosts):
        for column, target in enumerate(hosts):
            if (source, target) in pairs:
                found = cell(pairs[source, target])
                yield PlacedCell(row, column, found.word, f"{source} to {target}: {found.title}", found.kind)


def reach(pair: Mapping[str, Any]) -> PairCell:
    """Whether every port and protocol passes."""
    lanes = pair["lanes"]
    shut = [f"{title} {state}" for title, state in lanes.items() if state not in ("open", "not probed")]
    probed = sum(state != "not probed" for state in lanes.values())
    if shut:
        return PairCell(f"{len(shut)} shut", "; ".join(shut), "bad")
    if probed < len(lanes):
        return PairCell(f"{probed} of {len(lanes)}", f"{probed} of {len(lanes)} probed, all open", "fair")
    return PairCell("open", f"{probed} ports and protocols open", "good")


def path_mtu(usual: int) -> Callable[[Mapping[str, Any]], PairCell]:
    """The largest packet that passes, compared to the largest on any path."""

    def cell(pair: Mapping[str, Any]) -> PairCell:
        size = pair["path_mtu"]
        if not size:
            return PairCell("?", "not measured", "none")
        return PairCell(str(size), f"{size} bytes pass", "good" if size >= usual else "fair")

    return cell


def round_trip(longest: float) -> Callable[[Mapping[str, Any]], PairCell]:
    """The round trip of the first packet, in milliseconds."""

    def cell(pair: Mapping[str, Any]) -> PairCell:
        taken = pair["rtt_ms"]
        if taken is None:
            return PairCell("?", "no answer", "none")
        return PairCell(
            f"{taken:.1f}", f"{taken} ms, over {pair['hops'] or 0} routers", "fair" if taken > longest else "good"
        )

    return cell
