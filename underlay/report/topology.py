"""The cluster as it was measured, as SVG: racks, routers above their nodes, sessions and data paths as rails.

Lines left of a node are BGP sessions, lines right of it the ways its packets to other nodes' pods take.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from .connectivity import Band, data_paths, sessions_between
from .document import Report
from .observed import ObservedSession

BOX_WIDTH, BOX_HEIGHT, GAP, PAD = 168, 56, 10, 14
RAIL, BAND, TITLE = 14, 30, 26
# Nodes of a rack that are drawn, those with something wrong first.
MOST = 10
# Characters that fit into a box.
FITS = 22


class Topology:
    """Coordinates of one figure; `svg` is the figure."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.failed = {
            n: sum(n in c.hosts for c in report.of("failed")) for n in (*report.nodes, *report.routers)
        }  # fmt: skip
        self.above = sessions_between(report, routers=True)
        self.below = [*data_paths(report), *sessions_between(report, routers=False)]
        self.routers = {r: [n for n, x in report.routers.items() if x.rack == r] for r in report.racks}
        self.nodes = {r: self._shown(r) for r in report.racks}
        self.left = max((len(r) for r in self.routers.values()), default=0) * RAIL
        self.column = 2 * PAD + self.left + BOX_WIDTH + (len(self.below) + len(self.above)) * RAIL
        self.top = len(self.above) * (BAND + GAP) + 2
        self.rows = max((len(r) for r in self.routers.values()), default=0)
        self.nodes_top = self.top + TITLE + self.rows * (BOX_HEIGHT + GAP) + (GAP if self.rows else 0)
        deepest = max((len(n) for n in self.nodes.values()), default=0)
        more = 20 if any(len(self._all(r)) > MOST for r in report.racks) else 0
        self.bottom = self.nodes_top + deepest * (BOX_HEIGHT + GAP) + more
        self.width = max(len(report.racks) * (self.column + GAP) - GAP + 2, *map(_width, self.above + self.below), 2)
        self.height = self.bottom + len(self.below) * (BAND + GAP) + GAP + 2

    def svg(self) -> str:
        parts = [*self._bands(), *self._racks(), *self._rails()]
        label = escape(self._told(), {'"': "&quot;"})
        return "\n".join(
            [
                f'<svg class="figure" viewBox="0 0 {self.width} {self.height}" width="{self.width}" '
                f'height="{self.height}" style="min-width: {self.width * 7 // 10}px" role="img" aria-label="{label}">',
                *parts,
                "</svg>",
            ]
        )

    def _told(self) -> str:
        racks = ", ".join(f"{r} has {len(self._all(r))} nodes" for r in self.report.racks)
        return ". ".join([f"Topology as measured: {racks}", *(b.text for b in (*self.above, *self.below))])

    def _all(self, rack: str) -> list[str]:
        return [n for n, node in self.report.nodes.items() if node.rack == rack]

    def _shown(self, rack: str) -> list[str]:
        nodes = self._all(rack)
        if len(nodes) <= MOST:
            return nodes
        bad = sorted(nodes, key=lambda n: -self.failed[n])[:MOST]
        return [n for n in nodes if n in bad]

    def _x(self, rack: str) -> int:
        return 1 + self.report.racks.index(rack) * (self.column + GAP)

    def _box_x(self, rack: str) -> int:
        return self._x(rack) + PAD + self.left

    def _y(self, host: str) -> int | None:
        """Top of a host's box; None where it is not drawn."""
        for rack in self.report.racks:
            if host in self.routers[rack]:
                return self.top + TITLE + self.routers[rack].index(host) * (BOX_HEIGHT + GAP)
            if host in self.nodes[rack]:
                return self.nodes_top + self.nodes[rack].index(host) * (BOX_HEIGHT + GAP)
        return None

    def _racks(self) -> Iterator[str]:
        for rack in self.report.racks:
            x, height = self._x(rack), self.bottom - self.top
            yield f'<rect class="rack" x="{x}" y="{self.top}" width="{self.column}" height="{height}" rx="8"/>'
            yield _text(x + PAD, self.top + 18, rack or "no rack", "name")
            for name in self.routers[rack]:
                router = self.report.routers[name]
                note = f"AS {router.as_number}" + ("" if router.managed else ", not ours")
                yield from self._box(name, rack, "router", ("router", router.address), note)
            for name in self.nodes[rack]:
                node = self.report.nodes[name]
                state = f"{'✓' if node.state == 'Ready' else '–'} {node.state or 'not asked'}"
                yield from self._box(name, rack, "node", (node.role, node.address), state)
            if (more := len(self._all(rack)) - len(self.nodes[rack])) > 0:
                yield _text(self._box_x(rack), self.bottom - 12, f"and {more} more nodes", "note")

    def _box(self, name: str, rack: str, kind: str, lines: Sequence[str], note: str) -> Iterator[str]:
        x, y, failed = self._box_x(rack), self._y(name), self.failed[name]
        assert y is not None
        look = f"{kind} bad" if failed else kind
        note = f"✗ {failed} failed" if failed else note
        yield f'<rect class="box {look}" x="{x}" y="{y}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="6"/>'
        yield _text(x + 10, y + 18, name, "name")
        yield _text(x + 10, y + 33, lines[1], "note")
        yield _text(x + 10, y + 48, lines[0], "note")
        end = x + BOX_WIDTH - 10
        yield _text(end, y + 48, note, "note bad end" if failed else "note end")

    def _rails(self) -> Iterator[str]:
        """Sessions between a router and the nodes of its rack."""
        for rack in self.report.racks:
            for number, router in enumerate(self.routers[rack]):
                x, start = self._x(rack) + PAD + number * RAIL, self._y(router)
                assert start is not None
                # Each router has its own place on a node's side.
                down = BOX_HEIGHT * (number + 1) // (len(self.routers[rack]) + 1)
                found = [
                    (s, y + down) for s in self._sessions_of(router) if (y := self._y(_far(s, router))) is not None
                ]
                if not found:
                    continue
                lowest = max(y for _, y in found)
                yield f'<path class="session" d="M{self._box_x(rack)} {start + BOX_HEIGHT // 2} H{x} V{lowest}"/>'
                for session, y in found:
                    yield f'<path class="session" d="M{x} {y} H{self._box_x(rack)}"/>'
                    yield _end(self._box_x(rack), y, stands=not session.problem)

    def _sessions_of(self, router: str) -> list[ObservedSession]:
        mine = [s for s in self.report.sessions if router in (s.one, s.other)]
        return [s for s in mine if _far(s, router) in self.report.nodes]

    def _bands(self) -> Iterator[str]:
        """Lines first: one that leads to a farther band passes behind the nearer ones."""
        placed = [(b, 2 + i * (BAND + GAP), len(self.below) + i) for i, b in enumerate(self.above)]
        placed += [(b, self.bottom + GAP + i * (BAND + GAP), i) for i, b in enumerate(self.below)]
        for band, y, rail in placed:
            yield from self._ways(band, y, rail)
        for band, y, _ in placed:
            look = band.kind if band.whole else f"{band.kind} bad"
            yield f'<rect class="band {look}" x="1" y="{y}" width="{self.width - 2}" height="{BAND}" rx="6"/>'
            yield _text(12, y + 20, f"{'' if band.whole else '✗ '}{band.text}", "", most=400)

    def _ways(self, band: Band, y: int, rail: int) -> Iterator[str]:
        look = band.kind if band.whole else f"{band.kind} bad"
        for rack in self.report.racks:
            x = self._box_x(rack) + BOX_WIDTH
            middles = [
                top + BOX_HEIGHT // 2
                for host in (*self.routers[rack], *self.nodes[rack])
                if host in band.hosts and (top := self._y(host)) is not None
            ]
            if middles:
                to = x + RAIL // 2 + rail * RAIL
                far, near = (max(middles), y + BAND) if y < min(middles) else (min(middles), y)
                yield f'<path class="way {look}" d="M{to} {far} V{near}"/>'
                yield from (f'<path class="way {look}" d="M{x} {m} H{to}"/>' for m in middles)


def topology(report: Report) -> str:
    return Topology(report).svg() if report.nodes else ""


def _far(session: ObservedSession, host: str) -> str:
    return session.other if session.one == host else session.one


def _end(x: int, y: int, *, stands: bool) -> str:
    if stands:
        return f'<circle class="stands" cx="{x}" cy="{y}" r="4"/>'
    return f'<path class="down" d="M{x - 11} {y - 5} l10 10 m0 -10 l-10 10"/>'


def _text(x: int, y: int, words: str, look: str, *, most: int = FITS) -> str:
    cut = words if len(words) <= most else words[: most - 1] + "…"
    return f'<text class="{look}" x="{x}" y="{y}">{escape(cut)}</text>'


def _width(band: Band) -> int:
    return len(band.text) * 7 + 30
