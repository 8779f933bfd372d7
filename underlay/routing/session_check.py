"""Whether every BGP session is Established in both sides' view, with exactly the expected prefixes.

Problems name the cause: both sides are compared before either's last error is quoted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from underlay.model.cluster import Cluster

from .session_state import STEADY_SECONDS, NeighbourState, View
from .sessions import End, Session, sessions

# A session established so often in STEADY_SECONDS flaps; a deploy itself accounts for one or two.
FLAPS = 4

Subnets = Mapping[str, frozenset[str]]
"""Node name -> its pod subnets, as Kubernetes has them."""


@dataclass(frozen=True)
class Side:
    """One side of a row: `observed` is None where the host has no such neighbour."""

    end: End
    view: View
    observed: NeighbourState | None

    @property
    def state(self) -> str:
        """The state of the session as the host reports it, or why it reports none."""
        if not self.end.managed:
            return "not managed"
        if self.observed:
            return self.observed.state
        return "no answer" if self.view.trouble else "no neighbour"


@dataclass(frozen=True)
class SessionRow:
    """A session with both sides' view and its problems; none when it is as expected."""

    session: Session
    one: Side
    other: Side
    problems: tuple[str, ...]


def verdict(cluster: Cluster, views: Mapping[str, View], subnets: Subnets) -> tuple[list[SessionRow], list[str]]:
    """A row for every session, and the problems that belong to none; see `judge` and `between_hosts`."""
    other = between_hosts(views, subnets)
    if not subnets:
        other.append(f"{cluster.first.name} does not report the nodes' pod subnets; is the API server running?")
    return judge(cluster, views, subnets), other


def judge(cluster: Cluster, views: Mapping[str, View], subnets: Subnets) -> list[SessionRow]:
    """A row for every session that has to be Established.

    :param views: host name -> its view; a managed host that is missing did not answer.
    """
    rows = []
    for session in sessions(cluster):
        one, other = (_side(views, mine, far) for mine, far in _both(session))
        rows.append(SessionRow(session, one, other, tuple(_problems(cluster, one, other, subnets))))
    return rows


def between_hosts(views: Mapping[str, View], subnets: Subnets) -> list[str]:
    """Problems between hosts that belong to no single session."""
    return [
        *_twice({host: {v.router_id} for host, v in views.items() if v.router_id}, "the router id"),
        *_twice(subnets, "the pod subnet"),
    ]


def _twice(values: Mapping[str, set[str] | frozenset[str]], what: str) -> Iterator[str]:
    owner: dict[str, str] = {}
    for host, own in values.items():
        for value in sorted(own):
            if value in owner:
                yield f"{owner[value]} and {host} both have {what} {value}; give each its own"
            owner.setdefault(value, host)


def _both(session: Session) -> Iterator[tuple[End, End]]:
    yield session.one, session.other
    yield session.other, session.one


def _side(views: Mapping[str, View], mine: End, far: End) -> Side:
    view = views.get(mine.host, View(trouble="the host does not answer") if mine.managed else View())
    return Side(mine, view, view.neighbours.get(str(far.address)))


def _problems(cluster: Cluster, one: Side, other: Side, subnets: Subnets) -> Iterator[str]:
    dead = [f"{side.end.host}: {side.view.trouble}" for side in (one, other) if side.view.trouble]
    if dead:
        yield from dead
        return
    up = all(side.observed.is_up for side in (one, other) if side.observed) and (one.observed or other.observed)
    if not up:
        yield from _why_down(one, other) or ["the session is not Established, and neither side reports why"]
        return
    for side, far in ((one, other), (other, one)):
        if side.observed:
            yield from _prefixes(cluster, side.end, far.end, side.observed, subnets)
            if side.observed.recently_established >= FLAPS:
                often = f"established {side.observed.recently_established} times in {STEADY_SECONDS} s"
                why = f" ({side.observed.reason})" if side.observed.reason else ""
                yield f"the session flaps: {often}, last {side.observed.up:.0f} s ago{why}"
                return


def _why_down(one: Side, other: Side) -> list[str]:
    found = []
    for side, far in ((one, other), (other, one)):
        if side.end.managed and side.observed is None:
            found.append(f"{side.end.host} has no neighbour {far.end.address} ({far.end.host}) configured")
        elif side.observed and side.observed.remote_as != far.end.as_number:
            remote, number = side.observed.remote_as, far.end.as_number
            found.append(f"{side.end.host} expects AS {remote} from {far.end.host}, which is AS {number}")
        elif side.observed and side.observed.local_as != side.end.as_number:
            found.append(f"{side.end.host} runs as AS {side.observed.local_as}, expected AS {side.end.as_number}")
    if one.observed and other.observed and one.observed.ttl_security != other.observed.ttl_security:
        on, off = (one, other) if one.observed.ttl_security else (other, one)
        found.append(f"TTL security is on at {on.end.host} and off at {off.end.host}")
    if found:
        return found
    limited = [s for s in (one, other) if s.observed and "refix" in s.observed.reason and "aximum" in s.observed.reason]
    for side in limited:
        assert side.observed is not None
        found.append(f"{side.end.host} closed the session: more prefixes than its limit of {side.observed.limit}")
    if found:
        return found
    never = all(
        s.observed is None or s.observed.established == 0 or s.observed.state in ("Connect", "Active")
        for s in (one, other)
    )
    unsigned = [s.end.host for s in (one, other) if s.view.unsigned]
    if never and unsigned:
        return [f"the passwords differ: {' and '.join(unsigned)} dropped TCP segments for their MD5 signature"]
    return [_down_state(side) for side in (one, other) if side.observed and not side.observed.is_up]


def _down_state(side: Side) -> str:
    assert side.observed is not None
    reason = f"; last error: {side.observed.reason}" if side.observed.reason else ""
    bfd = f"; BFD is {side.observed.bfd}" if side.observed.bfd and side.observed.bfd.lower() != "up" else ""
    return f"{side.end.host} is in state {side.observed.state}{reason}{bfd}"


def _prefixes(cluster: Cluster, mine: End, far: End, observed: NeighbourState, subnets: Subnets) -> Iterator[str]:
    """Problems with the prefixes: missing ones of the far end, and those that no node owns."""
    owner = {subnet: node for node, own in subnets.items() for subnet in own}
    required, allowed = _expected(cluster, mine, far, subnets)
    for prefix in sorted(required - observed.accepted):
        how = "filters" if prefix in observed.received else "does not receive"
        yield f"{mine.host} {how} {prefix} ({owner.get(prefix, '?')}) from {far.host}"
    for prefix in sorted(observed.accepted - allowed):
        whose = f"which belongs to {owner[prefix]}" if prefix in owner else "which belongs to no node"
        yield f"{far.host} announces {prefix}, {whose}, and {mine.host} accepts it"
    for prefix in sorted(observed.received - observed.accepted - allowed):
        yield f"{far.host} announces {prefix}, which belongs to no node; {mine.host} filters it"


def _expected(cluster: Cluster, mine: End, far: End, subnets: Subnets) -> tuple[frozenset[str], frozenset[str]]:
    """The prefixes that are required, and those that are allowed."""
    every = frozenset(s for own in subnets.values() for s in own)
    own = subnets.get(mine.host, frozenset())
    if far.is_node:
        theirs = subnets.get(far.host, frozenset())
        return (every - own, every - own) if far.reflects else (theirs, theirs)
    if mine.is_node:
        # FRR advertises routes back to the peer it learned them from; the node's own route is preferred.
        return every - own, every
    rack = {n.name for n in cluster.nodes if n.rack == far.rack}
    return frozenset(s for node, own in subnets.items() if node in rack for s in own), every
