"""Routes on a node to the pods of other nodes, whether BIRD or Felix installed them, which depends on the version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_network

from underlay.model.cluster import Cluster
from underlay.model.difference import member_difference
from underlay.networks.pod_routes import inside, routes_to_pods

COMMANDS = {4: "ip -json route show table main", 6: "ip -6 -json route show table main"}


@dataclass(frozen=True)
class Hop:
    """A next hop of a route to a part of the pod subnet."""

    target: str
    gateway: str
    link: str


@dataclass(frozen=True)
class ExpectedRoutes:
    """`direct`: gateways of routes outside the overlay; with `all_direct`, all of them are needed. `tunnel`: the
    overlay's link; `behind`: the gateways behind it, or their number where they are addresses of the overlay. Behind
    `routers` are several nodes: an address that one has lent another has a route of its own there."""

    direct: frozenset[str]
    all_direct: bool = False
    tunnel: str = ""
    behind: frozenset[str] | int = 0
    routers: frozenset[str] = frozenset()


def hops(output: str, cluster: Cluster, version: int) -> Iterator[Hop]:
    """Next hops of `ip -json route` inside the pod subnet, one for each gateway of a route."""
    for route in routes_to_pods(output, cluster, version):
        if "type" in route:
            continue
        target = ip_network(route["dst"])
        for hop in route.get("nexthops", [route]):
            gateway = hop.get("gateway") or hop.get("via", {}).get("host")
            if gateway:
                yield Hop(str(target), gateway, hop.get("dev", route.get("dev", "?")))


def judge(expected: ExpectedRoutes, found: Iterable[Hop]) -> str | None:
    """What is wrong with the next hops, or None."""
    hops_found = list(found)
    plain = {h.gateway for h in hops_found if h.link != expected.tunnel}
    if unexpected := sorted(f"{h.target} via {h.gateway}" for h in hops_found if _unexpected(h, expected)):
        return f"unexpected pod routes: {', '.join(unexpected[:3])}"
    if problem := _parts(hops_found, expected.routers):
        return problem
    if expected.all_direct and (missing := sorted(expected.direct - plain)):
        return f"gateways of direct pod routes: missing {', '.join(missing)}"
    behind = {h.gateway for h in hops_found if h.link == expected.tunnel}
    if isinstance(expected.behind, int):
        if expected.tunnel and len(behind) != expected.behind:
            return f"pod routes through {expected.tunnel} lead to {len(behind)} nodes, expected {expected.behind}"
    elif wrong := member_difference(behind, expected.behind):
        return f"gateways of pod routes through {expected.tunnel}: {wrong}"
    return None


def _parts(hops_found: Sequence[Hop], routers: frozenset[str]) -> str | None:
    """Targets inside another target behind the same gateway: a node announces single pods beside its block."""
    behind: dict[str, set[str]] = {}
    for hop in hops_found:
        behind.setdefault(hop.gateway, set()).add(hop.target)
    parts = {
        t: of for gateway, found in behind.items() if gateway not in routers for t, of in inside(found, found).items()
    }
    if not parts:
        return None
    count, listed = len({h.target for h in hops_found}), ", ".join(sorted(parts)[:3])
    verb, of = "is" if len(parts) == 1 else "are", ", ".join(sorted(set(parts.values()))[:3])
    return f"{count} pod routes, {count - len(parts)} expected: {listed} {verb} inside {of}"


def _unexpected(hop: Hop, expected: ExpectedRoutes) -> bool:
    return hop.link != expected.tunnel and hop.gateway not in expected.direct
