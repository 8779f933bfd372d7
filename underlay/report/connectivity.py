"""Connections between many hosts, in sentences: data paths by kind of link, and BGP sessions by who peers."""

from __future__ import annotations

from dataclasses import dataclass

from .document import Report
from .observed import ObservedSession

# Links or sessions that a sentence names; the others are counted.
NAMED = 3


@dataclass(frozen=True)
class Connection:
    """`hosts` take part in it; `kind` is tunnel, direct or session."""

    kind: str
    text: str
    hosts: frozenset[str]
    is_up: bool = True


def data_paths(report: Report) -> list[Connection]:
    """How nodes send packets to one another's pods, as measured; one for each kind of link."""
    hops: dict[str, list[tuple[str, str, str]]] = {}
    for name, node in report.nodes.items():
        for hop in node.hops:
            hops.setdefault(hop.kind, []).append((name, hop.to, hop.link))
    every = sum(len(w) for w in hops.values())
    return [
        _data_path(report, kind, members, every) for kind, members in sorted(hops.items(), key=lambda w: -len(w[1]))
    ]


def _data_path(report: Report, kind: str, members: list[tuple[str, str, str]], every: int) -> Connection:
    links = list(dict.fromkeys(link for _, _, link in members))
    sizes = {
        known.mtu for name, node in report.nodes.items() for known in node.links if (name, known.name) in _ends(members)
    }
    what = f"{kind} over {_some(links)}" if kind else f"no tunnel, direct over {_some(links)}"
    mtu = f", MTU {' and '.join(str(s) for s in sorted(sizes))}" if sizes else ""
    encrypted = ", with IPsec" if any(report.nodes[n].ipsec_states for n, _, _ in members) else ""
    hosts = frozenset(h for one, other, _ in members for h in (one, other))
    # A few that differ from the rest are worth a look: they are named.
    few = f" ({', '.join(f'{one} to {other}' for one, other, _ in members)})" if len(members) <= NAMED < every else ""
    text = f"{what}{mtu}{encrypted}: {len(members)} of {every} directions between nodes{few}"
    return Connection("tunnel" if kind else "direct", text, hosts)


def _ends(members: list[tuple[str, str, str]]) -> set[tuple[str, str]]:
    return {(one, link) for one, _, link in members}


def sessions_between(report: Report, *, routers: bool) -> list[Connection]:
    """Sessions among routers, or among nodes: those that are not drawn inside a rack."""
    members = [s for s in report.sessions if all((end in report.routers) is routers for end in (s.one, s.other))]
    if not members:
        return []
    return [
        Connection(
            "session",
            f"BGP between {'routers' if routers else 'nodes'}: {session_count(members)}",
            frozenset(end for s in members for end in (s.one, s.other)),
            is_up=not any(s.problem for s in members),
        )
    ]


def session_count(members: list[ObservedSession]) -> str:
    """`4 of 4 sessions up`; those that are down are named."""
    down = [f"{s.one} and {s.other}" for s in members if s.problem]
    count = f"{len(members) - len(down)} of {len(members)} session{'' if len(members) == 1 else 's'} up"
    return f"{count}; down: {_some(down)}" if down else count


def _some(names: list[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
