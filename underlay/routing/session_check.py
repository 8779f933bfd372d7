"""Whether every BGP session is Established in both sides' view, with exactly the expected prefixes.

Problems name the cause: both sides are compared before either's last error is quoted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from underlay.model.bgp_view import NeighbourState, Speaker, View
from underlay.model.cluster import Cluster
from underlay.networks.network import Network
from underlay.networks.pod_routes import inside

from .session_state import STEADY_SECONDS
from .sessions import End, Session
from .speakers import speaker_of_nodes, watched_sessions

# A session established so often in STEADY_SECONDS flaps; a deploy itself accounts for one or two.
FLAPS = 4
_NAMED = 4

Subnets = Mapping[str, frozenset[str]]
"""Node name -> the prefixes that it has to announce: its pod subnets as Kubernetes has them, or a plugin's blocks."""


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


def verdict(
    cluster: Cluster, network: Network, views: Mapping[str, View], subnets: Subnets
) -> tuple[list[SessionRow], list[str]]:
    """A row for every session, and the problems that belong to none; see `judge` and `between_hosts`."""
    # Sessions of IPv4 carry prefixes of IPv4.
    known = {node: frozenset(s for s in own if ":" not in s) for node, own in subnets.items()}
    other = between_hosts(views, known)
    if not known:
        other.append(f"{cluster.first.name} does not report the nodes' pod subnets; is the API server running?")
    speaker = speaker_of_nodes(cluster, network)
    watched = watched_sessions(cluster, network)
    return judge(cluster, watched, views, known, speaker=speaker), other


def judge(
    cluster: Cluster,
    watched: Iterable[Session],
    views: Mapping[str, View],
    subnets: Subnets,
    *,
    speaker: Speaker | None = None,
) -> list[SessionRow]:
    """A row for every session that has to be Established.

    :param views: host name -> its view; a managed host that is missing did not answer.
    :param speaker: that of nodes, if it is not FRR.
    """
    rows = []
    for session in watched:
        one, other = (_side(views, mine, far) for mine, far in _both(session))
        rows.append(SessionRow(session, one, other, tuple(_problems(cluster, one, other, subnets, speaker))))
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


def _problems(cluster: Cluster, one: Side, other: Side, subnets: Subnets, speaker: Speaker | None) -> Iterator[str]:
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
            yield from _prefixes(cluster, side, far.end, subnets, speaker)
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
    if one.observed and other.observed and {True, False} == {one.observed.ttl_security, other.observed.ttl_security}:
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


def _prefixes(cluster: Cluster, side: Side, far: End, subnets: Subnets, speaker: Speaker | None) -> Iterator[str]:
    """Problems with the prefixes: missing ones of the far end, those that no node owns, and parts of those expected."""
    mine, observed = side.end, side.observed
    if observed is None or observed.received is None or observed.accepted is None:
        return
    owner = {subnet: node for node, own in subnets.items() for subnet in own}
    required, allowed = _expected(cluster, side, far, subnets)
    for prefix in sorted(required - observed.accepted):
        how = "filters" if prefix in observed.received else "does not receive"
        yield f"{mine.host} {how} {prefix} ({owner.get(prefix, '?')}) from {far.host}"
    announced = (observed.received | observed.accepted) - (speaker.shared if speaker else frozenset())
    parts = inside(announced - allowed, owner)
    if speaker and speaker.lends:
        # An address that another node has lent is announced on its own.
        lent = {p for p, of in parts.items() if p.endswith("/32") and owner[of] != far.host}
        parts = {p: of for p, of in parts.items() if p not in lent}
        announced -= lent
    if parts:
        expected = required or allowed
        yield (
            f"{far.host} announces {len(announced)} prefixes to {mine.host}, {len(expected)} expected: "
            f"{_parts(parts, owner)}"
        )
    strange = announced - allowed - parts.keys()
    for prefix in sorted(strange & observed.accepted):
        whose = f"which belongs to {owner[prefix]}" if prefix in owner else "which belongs to no node"
        yield f"{far.host} announces {prefix}, {whose}, and {mine.host} accepts it"
    for prefix in sorted(strange - observed.accepted):
        yield f"{far.host} announces {prefix}, which belongs to no node; {mine.host} filters it"


def _parts(parts: Mapping[str, str], owner: Mapping[str, str]) -> str:
    named = sorted(parts)
    listed = ", ".join(named[:_NAMED]) + (f" and {len(named) - _NAMED} more" if len(named) > _NAMED else "")
    of = ", ".join(f"{prefix} ({owner[prefix]})" for prefix in sorted(set(parts.values())))
    return f"{listed} {'is' if len(named) == 1 else 'are'} inside {of}"


def _expected(cluster: Cluster, side: Side, far: End, subnets: Subnets) -> tuple[frozenset[str], frozenset[str]]:
    """The prefixes that are required, and those that are allowed."""
    mine = side.end
    every = frozenset(s for own in subnets.values() for s in own)
    own = subnets.get(mine.host, frozenset())
    if far.is_node:
        theirs = subnets.get(far.host, frozenset())
        return (every - own, every - own) if far.reflects else (theirs, theirs)
    if mine.is_node:
        # FRR advertises routes back to the peer it learned them from; the node's own route is preferred.
        return every - own - (_of_rack(cluster, mine.rack, subnets) if side.view.refuses_own_as else own), every
    return _of_rack(cluster, far.rack, subnets), every


def _of_rack(cluster: Cluster, rack: str, subnets: Subnets) -> frozenset[str]:
    names = {n.name for n in cluster.nodes if n.rack == rack}
    return frozenset(s for node, own in subnets.items() if node in names for s in own)
