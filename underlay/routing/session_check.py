"""Whether every session stands, from both sides' own view, with exactly the prefixes that belong there.

Of what is wrong the cause is named: both sides are compared before either's last word is quoted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from underlay.model.cluster import Cluster

from .session_state import STEADY_SECONDS, Neighbour, View
from .sessions import End, Session, sessions

# A session that came up so often in so short a time is not one to rely on; a deploy accounts for one or two.
FLAPS = 4

Subnets = Mapping[str, frozenset[str]]
"""Node name -> its pod subnets, as Kubernetes has them."""


@dataclass(frozen=True)
class Side:
    """One side of a row: `seen` is None where the host says nothing of this session."""

    end: End
    view: View
    seen: Neighbour | None


@dataclass(frozen=True)
class Row:
    """A session with both sides' view, and what is wrong with it; empty when it is as it has to be."""

    session: Session
    one: Side
    other: Side
    problems: tuple[str, ...]


def verdict(cluster: Cluster, views: Mapping[str, View], subnets: Subnets) -> tuple[list[Row], list[str]]:
    """A row for every session, and what is wrong beside sessions; see `judge` and `between_hosts`."""
    beside = between_hosts(views, subnets)
    if not subnets:
        beside.append(f"{cluster.first.name} does not tell the nodes' pod subnets; is the API server up?")
    return judge(cluster, views, subnets), beside


def judge(cluster: Cluster, views: Mapping[str, View], subnets: Subnets) -> list[Row]:
    """A row for every session that has to stand.

    :param views: host name -> what it says; a host of ours that is missing did not answer.
    """
    rows = []
    for session in sessions(cluster):
        one, other = (_side(views, mine, far) for mine, far in _both(session))
        rows.append(Row(session, one, other, tuple(_problems(cluster, one, other, subnets))))
    return rows


def between_hosts(views: Mapping[str, View], subnets: Subnets) -> list[str]:
    """What is wrong between hosts, whatever session it shows in."""
    return [
        *_twice({host: {v.router_id} for host, v in views.items() if v.router_id}, "the router id"),
        *_twice(subnets, "the pod subnet"),
    ]


def _twice(values: Mapping[str, set[str] | frozenset[str]], what: str) -> Iterator[str]:
    owner: dict[str, str] = {}
    for host, own in values.items():
        for value in sorted(own):
            if value in owner:
                yield f"{owner[value]} and {host} have {what} {value} both; give each its own"
            owner.setdefault(value, host)


def _both(session: Session) -> Iterator[tuple[End, End]]:
    yield session.one, session.other
    yield session.other, session.one


def _side(views: Mapping[str, View], mine: End, far: End) -> Side:
    view = views.get(mine.host, View(trouble="the host does not answer") if mine.ours else View())
    return Side(mine, view, view.neighbours.get(str(far.address)))


def _problems(cluster: Cluster, one: Side, other: Side, subnets: Subnets) -> Iterator[str]:
    dead = [f"{side.end.host}: {side.view.trouble}" for side in (one, other) if side.view.trouble]
    if dead:
        yield from dead
        return
    up = all(side.seen.is_up for side in (one, other) if side.seen) and (one.seen or other.seen)
    if not up:
        yield from _why_down(one, other) or ["the session is not Established, and neither side says why"]
        return
    for side, far in ((one, other), (other, one)):
        if side.seen:
            yield from _prefixes(cluster, side.end, far.end, side.seen, subnets)
            if side.seen.lately >= FLAPS:
                often = f"{side.seen.lately} times established in {STEADY_SECONDS} s"
                why = f" ({side.seen.reason})" if side.seen.reason else ""
                yield f"it flaps: {often}, the last {side.seen.up:.0f} s ago{why}"
                return


def _why_down(one: Side, other: Side) -> list[str]:
    found = []
    for side, far in ((one, other), (other, one)):
        if side.end.ours and side.seen is None:
            found.append(f"{side.end.host} has no neighbour {far.end.address} ({far.end.host}) configured")
        elif side.seen and side.seen.remote_as != far.end.as_number:
            found.append(
                f"{side.end.host} expects AS {side.seen.remote_as} of {far.end.host}, which is AS {far.end.as_number}"
            )
        elif side.seen and side.seen.local_as != side.end.as_number:
            found.append(f"{side.end.host} speaks as AS {side.seen.local_as}, and is AS {side.end.as_number}")
    if one.seen and other.seen and one.seen.ttl_security != other.seen.ttl_security:
        on, off = (one, other) if one.seen.ttl_security else (other, one)
        found.append(f"{on.end.host} refuses packets by TTL security, and {off.end.host} does not send them so")
    if found:
        return found
    limited = [s for s in (one, other) if s.seen and "refix" in s.seen.reason and "aximum" in s.seen.reason]
    for side in limited:
        assert side.seen is not None
        found.append(f"{side.end.host} closed it: more prefixes than its limit of {side.seen.limit}")
    if found:
        return found
    never = all(
        s.seen is None or s.seen.established == 0 or s.seen.state in ("Connect", "Active") for s in (one, other)
    )
    unsigned = [s.end.host for s in (one, other) if s.view.unsigned]
    if never and unsigned:
        return [f"the passwords differ: {' and '.join(unsigned)} dropped TCP segments for their MD5 signature"]
    return [_last_word(side) for side in (one, other) if side.seen and not side.seen.is_up]


def _last_word(side: Side) -> str:
    assert side.seen is not None
    said = f"; its last word: {side.seen.reason}" if side.seen.reason else ""
    bfd = f"; BFD is {side.seen.bfd}" if side.seen.bfd and side.seen.bfd.lower() != "up" else ""
    return f"{side.end.host} is in state {side.seen.state}{said}{bfd}"


def _prefixes(cluster: Cluster, mine: End, far: End, seen: Neighbour, subnets: Subnets) -> Iterator[str]:
    """Exactly the prefixes that belong there: what the far end has to say, and nothing nobody owns."""
    owner = {subnet: node for node, own in subnets.items() for subnet in own}
    required, allowed = _expected(cluster, mine, far, subnets)
    for prefix in sorted(required - seen.accepted):
        how = "filtered by" if prefix in seen.received else "not received by"
        yield f"{prefix} ({owner.get(prefix, '?')}) is {how} {mine.host}, from {far.host}"
    for prefix in sorted(seen.accepted - allowed):
        whose = f"which is {owner[prefix]}'s" if prefix in owner else "which is no node's"
        yield f"{far.host} announces {prefix}, {whose}, and {mine.host} accepted it"
    for prefix in sorted(seen.received - seen.accepted - allowed):
        yield f"{far.host} announces {prefix}, which is no node's; {mine.host} filtered it"


def _expected(cluster: Cluster, mine: End, far: End, subnets: Subnets) -> tuple[frozenset[str], frozenset[str]]:
    """What has to come, and what may."""
    every = frozenset(s for own in subnets.values() for s in own)
    own = subnets.get(mine.host, frozenset())
    if far.is_node:
        theirs = subnets.get(far.host, frozenset())
        return (every - own, every - own) if far.reflects else (theirs, theirs)
    if mine.is_node:
        # FRR tells a peer what it heard of it; the node's own route is the better one.
        return every - own, every
    rack = {n.name for n in cluster.nodes if n.rack == far.rack}
    return frozenset(s for node, own in subnets.items() if node in rack for s in own), every
