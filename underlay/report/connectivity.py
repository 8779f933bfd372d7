"""What connects many hosts at once, in sentences: tunnels by their kind, and BGP sessions by who peers with whom."""

from __future__ import annotations

from dataclasses import dataclass

from .document import Report
from .observed import ObservedSession

# Links or sessions that a sentence names; the others are counted.
NAMED = 3


@dataclass(frozen=True)
class Band:
    """`hosts` take part in it; `kind` is tunnel, direct or session; `whole` is whether nothing of it is down."""

    kind: str
    text: str
    hosts: frozenset[str]
    whole: bool = True


def data_paths(report: Report) -> list[Band]:
    """How nodes send packets to one another's pods, as measured; one band for each kind of link."""
    ways: dict[str, list[tuple[str, str, str]]] = {}
    for name, node in report.nodes.items():
        for hop in node.hops:
            ways.setdefault(hop.kind, []).append((name, hop.to, hop.link))
    every = sum(len(w) for w in ways.values())
    return [_data_path(report, kind, found, every) for kind, found in sorted(ways.items(), key=lambda w: -len(w[1]))]


def _data_path(report: Report, kind: str, found: list[tuple[str, str, str]], every: int) -> Band:
    links = list(dict.fromkeys(link for _, _, link in found))
    sizes = {
        known.mtu for name, node in report.nodes.items() for known in node.links if (name, known.name) in _ends(found)
    }
    what = f"{kind} by {_some(links)}" if kind else f"no tunnel: straight over {_some(links)}"
    mtu = f", MTU {' and '.join(str(s) for s in sorted(sizes))}" if sizes else ""
    sealed = ", with IPsec" if any(report.nodes[n].ipsec_states for n, _, _ in found) else ""
    hosts = frozenset(h for one, other, _ in found for h in (one, other))
    # A few that go another way than the rest are what somebody has to look at.
    few = f" ({', '.join(f'{one} to {other}' for one, other, _ in found)})" if len(found) <= NAMED < every else ""
    text = f"{what}{mtu}{sealed}: {len(found)} of {every} directions between nodes{few}"
    return Band("tunnel" if kind else "direct", text, hosts)


def _ends(found: list[tuple[str, str, str]]) -> set[tuple[str, str]]:
    return {(one, link) for one, _, link in found}


def sessions_between(report: Report, *, routers: bool) -> list[Band]:
    """Sessions among routers, or among nodes: those that no rail of a rack shows."""
    found = [s for s in report.sessions if all((end in report.routers) is routers for end in (s.one, s.other))]
    if not found:
        return []
    return [
        Band(
            "session",
            f"BGP between {'routers' if routers else 'nodes'}: {told(found)}",
            frozenset(end for s in found for end in (s.one, s.other)),
            whole=not any(s.problem for s in found),
        )
    ]


def told(found: list[ObservedSession]) -> str:
    """`4 of 4 sessions stand`; those that do not are named."""
    down = [f"{s.one} and {s.other}" for s in found if s.problem]
    count = f"{len(found) - len(down)} of {len(found)} session{'' if len(found) == 1 else 's'} stand"
    return f"{count}; not {_some(down)}" if down else count


def _some(names: list[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
