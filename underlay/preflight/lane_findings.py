"""Findings about ports and protocols that do not pass between hosts, and about NAT."""

from __future__ import annotations

from collections.abc import Iterator

from underlay.findings import host_sets
from underlay.findings.finding import Finding
from underlay.prober.words import OPEN

from .flows import Lane
from .measurements import UNPROBED
from .wire_result import HostContext, WireResult


def lane_findings(result: WireResult) -> Iterator[Finding]:
    """A finding for each lane and each way in which it does not pass, with the pairs concerned."""
    groups: dict[tuple[str, Lane, str], set[tuple[str, str]]] = {}
    probed: dict[Lane, set[tuple[str, str]]] = {}
    for flow, state in result.measured.flows.items():
        pair = (flow.source, flow.target)
        if state != UNPROBED:
            probed.setdefault(flow.lane, set()).add(pair)
        if state in (OPEN, UNPROBED):
            continue
        groups.setdefault((_code(flow.lane, state, pair, result.context), flow.lane, state), set()).add(pair)
    refused_by = result.measured.refused_by
    for (code, lane, state), found in groups.items():
        how = {"silent": "is dropped on the way", "refused": "is refused"}.get(state, f'is answered with "{state}"')
        by = {refused_by[p] for p in found if p in refused_by} if state != "silent" else set()
        who = f" by {host_sets.name_hosts(by)}" if by else ""
        remedy = f"allow {lane.title}"
        if code == "lane-behind-firewall":
            remedy = "nothing to do: the deploy opens it, and verification checks again"
        where = host_sets.name_pairs(found, probed[lane], result.racks)
        yield Finding(code, where, f"{lane.title} {how}{who}", remedy, host_sets.hosts_of_pairs(found))


def _code(lane: Lane, state: str, pair: tuple[str, str], context: HostContext) -> str:
    if set(pair) & set(context.firewalled):
        return "lane-behind-firewall"
    if not lane.needed:
        return "service-lane-shut"
    return {"silent": "lane-silent", "refused": "lane-refused"}.get(state, "lane-unreachable")


def source_findings(result: WireResult) -> Iterator[Finding]:
    """A finding for each address that packets arrive from instead of their sender's."""
    paths = result.measured.paths
    changed: dict[str, set[tuple[str, str]]] = {}
    for pair, path in paths.items():
        if path.source and path.source != result.addresses[pair[0]]:
            changed.setdefault(path.source, set()).add(pair)
    for source, found in changed.items():
        yield Finding(
            "source-changed",
            host_sets.name_pairs(found, paths.keys(), result.racks),
            f"packets arrive from {source} instead of the sender's address",
            "exclude the hosts from the NAT rule: nodes identify one another by address",
            host_sets.hosts_of_pairs(found),
        )
