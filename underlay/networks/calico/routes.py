"""Which routes on a node lead to the pods of others, whoever wrote them: BIRD and Felix both do, by version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network

from underlay.model.cluster import Cluster
from underlay.networks.pod_routes import routes_to_pods

COMMANDS = {4: "ip -json route show table main", 6: "ip -6 -json route show table main"}


@dataclass(frozen=True)
class Hop:
    """One way to a part of the pod subnet."""

    target: str
    gateway: str
    link: str


@dataclass(frozen=True)
class Expected:
    """`beside`: gateways of plain routes; `all_beside` when there has to be one through each. `tunnel`: the overlay's
    link, with the gateways behind it, by name or, where they are addresses of the overlay, by number."""

    beside: frozenset[str]
    all_beside: bool = False
    tunnel: str = ""
    behind: frozenset[str] | int = 0


def hops(output: str, cluster: Cluster, version: int) -> Iterator[Hop]:
    """Routes of `ip -json route` inside the pod subnet that lead to a gateway; one with several counts once each."""
    for route in routes_to_pods(output, cluster, version):
        if "type" in route:
            continue
        target = ip_network(route["dst"])
        for way in route.get("nexthops", [route]):
            gateway = way.get("gateway") or way.get("via", {}).get("host")
            if gateway:
                yield Hop(str(target), gateway, way.get("dev", route.get("dev", "?")))


def judge(expected: Expected, found: Iterable[Hop]) -> str | None:
    ways = list(found)
    plain = {h.gateway for h in ways if h.link != expected.tunnel}
    if strange := sorted(f"{h.target} via {h.gateway}" for h in ways if _strange(h, expected)):
        return f"pod routes lead past the mode: {', '.join(strange[:3])}"
    if expected.all_beside and (missing := sorted(expected.beside - plain)):
        return f"no pod route leads through {', '.join(missing)}"
    behind = {h.gateway for h in ways if h.link == expected.tunnel}
    if isinstance(expected.behind, int):
        if expected.tunnel and len(behind) != expected.behind:
            return f"pod routes lead to {len(behind)} nodes through {expected.tunnel}, not {expected.behind}"
    elif behind != expected.behind:
        return f"pod routes through {expected.tunnel} lead to {sorted(behind)}, not {sorted(expected.behind)}"
    return None


def _strange(hop: Hop, expected: Expected) -> bool:
    return hop.link != expected.tunnel and hop.gateway not in expected.beside
