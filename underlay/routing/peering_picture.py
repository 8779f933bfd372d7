"""Who peers with whom, drawn from an inventory: racks as frames, routers above their nodes, a line for a session."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from underlay.model.cluster import Cluster

from .sessions import Session, sessions

_STYLE = """\
text { font: 13px ui-sans-serif, system-ui, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328; text-anchor: middle }
.small { font-size: 11px } .out { fill: #59636e } .rack { fill: none; stroke: #8b949e; stroke-dasharray: 4 3 }
.host { stroke: #59636e } .node { fill: #a8e0a0 } .router { fill: #9ecbff } .foreign { fill: #dfe3e8 }
.session { stroke: #59636e; fill: none } .inner { stroke-dasharray: 6 3 }
@media (prefers-color-scheme: dark) { .out { fill: #b1bac4 } .session, .rack { stroke: #b1bac4 } }"""
BOX_WIDTH, BOX_HEIGHT, GAP, MARGIN = 118, 44, 14, 16
_ROUTER_Y, _NODE_Y = 96, 220
# Nodes of a rack that are drawn; a rack of forty looks like a rack of these.
MOST = 6

Boxes = dict[str, tuple[int, int]]


def peering_picture(cluster: Cluster) -> str:
    """The figure as SVG; solid lines are eBGP, dashed ones iBGP."""
    assert cluster.bgp is not None
    parts: list[str] = []
    boxes: Boxes = {}
    x = MARGIN
    for rack in cluster.racks:
        nodes = [n for n in cluster.nodes if n.rack == rack]
        routers = cluster.bgp.routers_of(rack)
        shown = nodes[:MOST]
        width = max(len(shown), len(routers), 1) * (BOX_WIDTH + GAP) + GAP
        more = f", {len(nodes) - MOST} more nodes like these" if len(nodes) > MOST else ""
        title = f"{rack}: nodes in AS {cluster.bgp.as_numbers.get(rack, '?')}{more}"
        parts += _frame(x, width, title)
        inner = x + GAP
        for number, router in enumerate(routers):
            boxes[router.name] = (inner + number * (BOX_WIDTH + GAP), _ROUTER_Y)
            kind = "router" if router.managed else "foreign"
            parts += _box(boxes[router.name], kind, router.name, f"AS {router.as_number}")
        for number, node in enumerate(shown):
            boxes[node.name] = (inner + number * (BOX_WIDTH + GAP), _NODE_Y)
            reflects = " (reflector)" if node.name in cluster.bgp.reflectors else ""
            parts += _box(boxes[node.name], "node", node.name, f"{node.address}{reflects}")
        x += width + GAP
    lines = [line for session in sessions(cluster) for line in _line(session, boxes)]
    return _svg([*lines, *parts], width=x - GAP + MARGIN)


def _frame(x: int, width: int, title: str) -> list[str]:
    height = _NODE_Y + BOX_HEIGHT + GAP - 68
    return [
        f'<rect class="rack" x="{x}" y="68" width="{width}" height="{height}" rx="8"/>',
        f'<text class="out" x="{x + width // 2}" y="{68 + height + 18}">{escape(title)}</text>',
    ]


def _box(at: tuple[int, int], kind: str, name: str, note: str) -> list[str]:
    x, y = at
    middle = x + BOX_WIDTH // 2
    return [
        f'<rect class="host {kind}" x="{x}" y="{y}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="6"/>',
        f'<text x="{middle}" y="{y + 18}">{escape(name)}</text>',
        f'<text class="small" x="{middle}" y="{y + 34}">{escape(note)}</text>',
    ]


def _line(session: Session, boxes: Boxes) -> Iterator[str]:
    if session.one.host not in boxes or session.other.host not in boxes:
        return
    (x1, y1), (x2, y2) = boxes[session.one.host], boxes[session.other.host]
    look = "session" if session.external else "session inner"
    half = BOX_WIDTH // 2
    if y1 == y2:
        top = y1 if y1 == _ROUTER_Y else y1 + BOX_HEIGHT
        bend = -56 if y1 == _ROUTER_Y else 24 + abs(x2 - x1) // 12
        path = f"M{x1 + half} {top} Q{(x1 + x2) // 2 + half} {top + bend} {x2 + half} {top}"
    else:
        upper, lower = sorted(((x1 + half, y1), (x2 + half, y2)), key=lambda p: p[1])
        path = f"M{upper[0]} {upper[1] + BOX_HEIGHT} L{lower[0]} {lower[1]}"
    yield f'<path class="{look}" d="{path}"/>'


def _svg(parts: list[str], *, width: int) -> str:
    height = _NODE_Y + BOX_HEIGHT + GAP + 40
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="Who peers with whom">'
    return "\n".join([head, f"<style>{_STYLE}</style>", *parts, "</svg>", ""])
