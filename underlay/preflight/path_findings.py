"""Findings about the MTU of paths between hosts, and about routers inside a segment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from underlay.findings import host_sets
from underlay.findings.finding import Finding
from underlay.model.routes import Routes
from underlay.prober.words import OPEN

from .measurements import MeasuredPath
from .wire_result import WireResult

Paths = Mapping[tuple[str, str], MeasuredPath]


def path_findings(result: WireResult) -> Iterator[Finding]:
    """Paths that carry less than others, or than path_mtu states, or whose MTU could not be measured."""
    measured = {pair: p for pair, p in result.measured.paths.items() if p.largest}
    yield from _unmeasured(result)
    for (code, size), found in _small(result, measured).items():
        by = host_sets.name_hosts({measured[p].reported_by for p in found} - {""})
        yield Finding(
            code,
            host_sets.name_pairs(found, measured.keys(), result.racks),
            _size(code, size, by, result),
            _remedy(code, size),
            host_sets.hosts_of_pairs(found),
        )
    yield from _asymmetric(result, measured)


def _unmeasured(result: WireResult) -> Iterator[Finding]:
    carriers = result.plan.carriers
    shut = {(f.source, f.target) for f, state in result.measured.flows.items() if f.lane in carriers and state != OPEN}
    paths = result.measured.paths
    if found := {pair for pair, path in paths.items() if not path.largest and pair not in shut}:
        yield Finding(
            "path-unmeasured",
            host_sets.name_pairs(found, paths.keys(), result.racks),
            "no datagram passes to measure the path MTU with",
            "state path_mtu",
            host_sets.hosts_of_pairs(found),
        )


def _small(result: WireResult, measured: Paths) -> dict[tuple[str, int], set[tuple[str, str]]]:
    """Code and size in bytes -> the directed pairs that carry no more."""
    usual = max((p.largest for p in measured.values()), default=0)
    groups: dict[tuple[str, int], set[tuple[str, str]]] = {}
    for pair, path in measured.items():
        hole = path.largest < usual and not path.reported_mtu
        if result.context.stated and path.largest < result.cluster.path_mtu:
            groups.setdefault(("path-too-small", path.largest), set()).add(pair)
        elif path.largest < usual and not hole:
            groups.setdefault(("path-smaller", path.largest), set()).add(pair)
        if hole:
            groups.setdefault(("path-black-hole", path.largest), set()).add(pair)
    return groups


def _size(code: str, size: int, by: str, result: WireResult) -> str:
    routers = f" ({by})" if by else ""
    if code == "path-too-small":
        return f"{size} bytes pass{routers}, path_mtu is {result.cluster.path_mtu}"
    if code == "path-black-hole":
        return f"{size} bytes pass, larger packets are dropped without an ICMP error"
    return f"{size} bytes pass{routers}, and the pod MTU is {size - result.network.overhead(result.cluster)}"


def _remedy(code: str, size: int) -> str:
    return {
        "path-too-small": f"state path_mtu = {size}, leave it out, or raise the path's MTU",
        "path-black-hole": f"allow ICMP type 3 code 4, or set MTU {size} on the hosts' links",
    }.get(code, "")


def _asymmetric(result: WireResult, measured: Paths) -> Iterator[Finding]:
    found = {(a, b) for (a, b), p in measured.items() if (b, a) in measured and p.largest < measured[b, a].largest}
    if found:
        sizes = sorted({f"{measured[p].largest} bytes pass, and {measured[p[::-1]].largest} back" for p in found})
        yield Finding(
            "path-asymmetric",
            host_sets.name_pairs(found, measured.keys(), result.racks),
            ", or ".join(sizes),
            "compare the routers of both directions (tracepath)",
            host_sets.hosts_of_pairs(found),
        )


def segment_findings(result: WireResult) -> Iterator[Finding]:
    """Pairs that the inventory, or the mode, has on one segment, and that a router is between."""
    racks, paths = result.racks, result.measured.paths
    strict = result.network.needs_one_segment and result.cluster.routes is Routes.PLUGIN
    together = [pair for pair in paths if strict or racks[pair[0]] == racks[pair[1]]]
    routed = {p for p in together if paths[p].hops or _is_proxied(paths[p], result.context.hardware.get(p[1]))}
    if not routed:
        return
    hops = {paths[p].hop for p in routed} - {""}
    by = f" ({host_sets.name_hosts(hops)})" if hops else ""
    need = f"{result.network.mode} needs them on one segment" if strict else "the inventory has them in one rack"
    yield Finding(
        "segment-routed" if strict else "segment-disguised",
        host_sets.name_pairs(routed, together, racks),
        f"a router{by} is between them, and {need}",
        "use a mode with an overlay, or correct racks and routes",
        host_sets.hosts_of_pairs(routed),
    )


def _is_proxied(path: MeasuredPath, hardware: str | None) -> bool:
    """Whether somebody else's MAC address answers for the peer."""
    return bool(path.hardware) and hardware is not None and path.hardware != hardware
