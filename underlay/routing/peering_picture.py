"""Who peers with whom, drawn from an inventory: racks as frames, routers above their nodes, a line for a session."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from underlay.model.cluster import Cluster
from underlay.templates import render

from .sessions import Session, sessions

BOX_WIDTH, BOX_HEIGHT, GAP, MARGIN = 118, 44, 14, 16
_FRAME_Y, _ROUTER_Y, _NODE_Y = 68, 96, 220
# Nodes of a rack that are drawn; a rack of forty looks like a rack of these.
MOST = 6


@dataclass(frozen=True)
class HostBox:
    """A host by the upper left corner of its box; `kind` is router, foreign or node."""

    x: int
    y: int
    kind: str
    name: str
    note: str


@dataclass(frozen=True)
class RackFrame:
    """A rack by the upper left corner of its frame, with its hosts."""

    x: int
    width: int
    title: str
    boxes: Sequence[HostBox]
    y: int = _FRAME_Y
    height: int = _NODE_Y + BOX_HEIGHT + GAP - _FRAME_Y


@dataclass(frozen=True)
class SessionLine:
    """`path` is that of an SVG path; `external` is whether it is eBGP."""

    path: str
    external: bool


def peering_picture(cluster: Cluster) -> str:
    """The figure as SVG; solid lines are eBGP, dashed ones iBGP."""
    racks: list[RackFrame] = []
    x = MARGIN
    for rack in cluster.racks:
        racks.append(_rack(cluster, rack, x))
        x += racks[-1].width + GAP
    boxes = {box.name: box for rack in racks for box in rack.boxes}
    lines = [line for session in sessions(cluster) for line in _line(session, boxes)]
    size = {"width": x - GAP + MARGIN, "height": _NODE_Y + BOX_HEIGHT + GAP + 40}
    return render("svg/peering.svg", racks=racks, lines=lines, box_width=BOX_WIDTH, box_height=BOX_HEIGHT, **size)


def _rack(cluster: Cluster, rack: str, x: int) -> RackFrame:
    bgp = cluster.bgp
    assert bgp is not None
    nodes = [n for n in cluster.nodes if n.rack == rack]
    routers, shown = bgp.routers_of(rack), nodes[:MOST]
    places = [x + GAP + number * (BOX_WIDTH + GAP) for number in range(max(len(shown), len(routers), 1))]
    boxes = [
        HostBox(at, _ROUTER_Y, "router" if router.managed else "foreign", router.name, f"AS {router.as_number}")
        for at, router in zip(places, routers, strict=False)
    ]
    for at, node in zip(places, shown, strict=False):
        reflects = " (reflector)" if node.name in bgp.reflectors else ""
        boxes.append(HostBox(at, _NODE_Y, "node", node.name, f"{node.address}{reflects}"))
    more = f", {len(nodes) - MOST} more nodes like these" if len(nodes) > MOST else ""
    title = f"{rack}: nodes in AS {bgp.as_numbers.get(rack, '?')}{more}"
    return RackFrame(x, len(places) * (BOX_WIDTH + GAP) + GAP, title, boxes)


def _line(session: Session, boxes: Mapping[str, HostBox]) -> Iterator[SessionLine]:
    if session.one.host not in boxes or session.other.host not in boxes:
        return
    one, other = boxes[session.one.host], boxes[session.other.host]
    half = BOX_WIDTH // 2
    if one.y == other.y:
        top = one.y if one.y == _ROUTER_Y else one.y + BOX_HEIGHT
        bend = -56 if one.y == _ROUTER_Y else 24 + abs(other.x - one.x) // 12
        path = f"M{one.x + half} {top} Q{(one.x + other.x) // 2 + half} {top + bend} {other.x + half} {top}"
    else:
        upper, lower = sorted((one, other), key=lambda box: box.y)
        path = f"M{upper.x + half} {upper.y + BOX_HEIGHT} L{lower.x + half} {lower.y}"
    yield SessionLine(path, session.external)
