"""The cluster as measured, as SVG: racks, routers above their nodes, sessions and data paths.

Lines left of a node are BGP sessions, lines right of it the paths of its packets to pods on other nodes.
"""

from __future__ import annotations

from collections.abc import Iterator

from underlay.templates import render

from .connectivity import Connection, data_paths, sessions_between
from .document import Report
from .observed import ObservedSession
from .topology_parts import ConnectionBox, ConnectionLine, Rail, SessionEnd, TopologyHost, TopologyRack, cut

BOX_WIDTH, BOX_HEIGHT, GAP, PAD = 168, 56, 10, 14
RAIL, CONNECTION_HEIGHT, TITLE = 14, 30, 26
# Nodes of a rack that are drawn, those with failures first.
MOST = 10


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
        self.top = len(self.above) * (CONNECTION_HEIGHT + GAP) + 2
        self.rows = max((len(r) for r in self.routers.values()), default=0)
        self.nodes_top = self.top + TITLE + self.rows * (BOX_HEIGHT + GAP) + (GAP if self.rows else 0)
        deepest = max((len(n) for n in self.nodes.values()), default=0)
        more = 20 if any(len(self._all(r)) > MOST for r in report.racks) else 0
        self.bottom = self.nodes_top + deepest * (BOX_HEIGHT + GAP) + more
        self.width = max(len(report.racks) * (self.column + GAP) - GAP + 2, *map(_width, self.above + self.below), 2)
        self.height = self.bottom + len(self.below) * (CONNECTION_HEIGHT + GAP) + GAP + 2

    def svg(self) -> str:
        sizes = {"box_width": BOX_WIDTH, "box_height": BOX_HEIGHT, "connection_height": CONNECTION_HEIGHT, "pad": PAD}
        own = {"width": self.width, "height": self.height, "top": self.top, "bottom": self.bottom}
        connections = list(self._connections())
        return render(
            "svg/topology.svg",
            label=self._label(),
            lines=[line for connection, box, rail in connections for line in self._lines(connection, box, rail)],
            connections=[box for _, box, _ in connections],
            racks=[self._rack(rack) for rack in self.report.racks],
            rack_width=self.column,
            rails=[rail for rack in self.report.racks for rail in self._rails(rack)],
            **sizes,
            **own,
        )

    def _label(self) -> str:
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

    def _rack(self, rack: str) -> TopologyRack:
        hosts = [*map(self._router, self.routers[rack]), *map(self._node, self.nodes[rack])]
        more = len(self._all(rack)) - len(self.nodes[rack])
        words = cut(f"and {more} more nodes") if more > 0 else ""
        return TopologyRack(self._x(rack), self._box_x(rack), cut(rack or "no rack"), hosts, words)

    def _router(self, name: str) -> TopologyHost:
        router = self.report.routers[name]
        note = f"AS {router.as_number}" + ("" if router.managed else ", not managed")
        return self._box(name, router.rack, "router", ("router", router.address), note)

    def _node(self, name: str) -> TopologyHost:
        node = self.report.nodes[name]
        state = f"{'✓' if node.state == 'Ready' else '–'} {node.state or 'unknown'}"
        return self._box(name, node.rack, "node", (node.role, node.address), state)

    def _box(self, name: str, rack: str, kind: str, lines: tuple[str, str], note: str) -> TopologyHost:
        y, failed = self._y(name), self.failed[name]
        assert y is not None
        role, address = map(cut, lines)
        note = cut(f"✗ {failed} failed" if failed else note)
        return TopologyHost(self._box_x(rack), y, kind, cut(name), address, role, note, failed)

    def _rails(self, rack: str) -> Iterator[Rail]:
        """Sessions between a router and the nodes of its rack."""
        for number, router in enumerate(self.routers[rack]):
            start = self._y(router)
            assert start is not None
            # Each router has its own place on a node's side.
            down = BOX_HEIGHT * (number + 1) // (len(self.routers[rack]) + 1)
            ends = [
                SessionEnd(y + down, not s.problem)
                for s in self._sessions_of(router)
                if (y := self._y(_far(s, router))) is not None
            ]
            if ends:
                x = self._x(rack) + PAD + number * RAIL
                yield Rail(x, self._box_x(rack), start + BOX_HEIGHT // 2, ends)

    def _sessions_of(self, router: str) -> list[ObservedSession]:
        mine = [s for s in self.report.sessions if router in (s.one, s.other)]
        return [s for s in mine if _far(s, router) in self.report.nodes]

    def _connections(self) -> Iterator[tuple[Connection, ConnectionBox, int]]:
        """Each connection, its box, and the number of the rail that leads to it."""
        placed = [(b, 2 + i * (CONNECTION_HEIGHT + GAP), len(self.below) + i) for i, b in enumerate(self.above)]
        placed += [(b, self.bottom + GAP + i * (CONNECTION_HEIGHT + GAP), i) for i, b in enumerate(self.below)]
        for connection, y, rail in placed:
            look = connection.kind if connection.is_up else f"{connection.kind} bad"
            yield (
                connection,
                ConnectionBox(y, look, cut(f"{'' if connection.is_up else '✗ '}{connection.text}", 400)),
                rail,
            )

    def _lines(self, connection: Connection, box: ConnectionBox, rail: int) -> Iterator[ConnectionLine]:
        for rack in self.report.racks:
            x = self._box_x(rack) + BOX_WIDTH
            middles = [
                top + BOX_HEIGHT // 2
                for host in (*self.routers[rack], *self.nodes[rack])
                if host in connection.hosts and (top := self._y(host)) is not None
            ]
            if middles:
                far, near = (max(middles), box.y + CONNECTION_HEIGHT) if box.y < min(middles) else (min(middles), box.y)
                yield ConnectionLine(box.look, x + RAIL // 2 + rail * RAIL, x, far, near, middles)


def topology(report: Report) -> str:
    return Topology(report).svg() if report.nodes else ""


def _far(session: ObservedSession, host: str) -> str:
    return session.other if session.one == host else session.one


def _width(connection: Connection) -> int:
    return len(connection.text) * 7 + 30
