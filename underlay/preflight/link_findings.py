"""Findings about links: addresses that two machines have, and NICs that corrupt what is inside a tunnel."""

from __future__ import annotations

from collections.abc import Iterator

from underlay.findings import host_sets
from underlay.findings.finding import Finding
from underlay.plan.offload import FEATURES
from underlay.prober.words import ABSENT

from .wire_result import WireResult


def claim_findings(result: WireResult) -> Iterator[Finding]:
    """Addresses of nodes that another machine answers ARP requests for."""
    for host, hardware in result.measured.claimed.items():
        yield Finding(
            "address-claimed",
            host,
            f"{', '.join(hardware)} answers for its address, too",
            "find that machine in the switch's MAC table, and give it another address",
            (host,),
        )


def hardware_findings(result: WireResult) -> Iterator[Finding]:
    """MAC addresses that several hosts have."""
    owners: dict[str, list[str]] = {}
    for host, hardware in result.context.hardware.items():
        owners.setdefault(hardware, []).append(host)
    for hardware, names in owners.items():
        if len(names) > 1:
            yield Finding(
                "hardware-duplicate",
                host_sets.name_hosts(names),
                f"all have the MAC address {hardware}",
                "give every host its own: the definition of a cloned machine keeps the original's",
                tuple(names),
            )


def tunnel_findings(result: WireResult) -> Iterator[Finding]:
    """Hosts whose TCP does not pass inside a VXLAN, and those on which that could not be tested."""
    yield from _corrupting(result)
    yield from _untested(result)


def _corrupting(result: WireResult) -> Iterator[Finding]:
    tunnels = result.measured.tunnels
    bad: dict[str, set[tuple[str, str]]] = {}
    for pair, outcome in tunnels.items():
        if outcome not in ("ok", ABSENT) and not _is_translated(result, pair):
            bad.setdefault(outcome, set()).add(pair)
    for outcome, found in bad.items():
        names = sorted({a for a, _ in found})
        yield Finding(
            "tunnel-corrupts",
            host_sets.name_pairs(found, tunnels.keys(), result.racks),
            f"TCP inside a VXLAN: {outcome}",
            f"on {host_sets.name_hosts(names)}: ethtool -K LINK {' off '.join(FEATURES)} off; "
            'tunnel_offload = "off" in the inventory does so at every boot',
            host_sets.hosts_of_pairs(found),
        )


def _is_translated(result: WireResult, pair: tuple[str, str]) -> bool:
    """Whether NAT is between the two, which breaks tunnels by itself and has a finding of its own."""
    paths = result.measured.paths
    ends = ((pair, result.addresses[pair[0]]), (pair[::-1], result.addresses[pair[1]]))
    return any(paths[p].source not in ("", address) for p, address in ends if p in paths)


def _untested(result: WireResult) -> Iterator[Finding]:
    measured = result.measured
    reasons: dict[str, list[str]] = {}
    for host, why in measured.no_tunnel.items():
        reasons.setdefault(why, []).append(host)
    for (_, host), outcome in measured.tunnels.items():
        if outcome == ABSENT and host not in measured.no_tunnel:
            reasons.setdefault("its end did not come up in time", []).append(host)
    for why, names in reasons.items():
        hosts = tuple(dict.fromkeys(names))
        yield Finding(
            "tunnel-unprobed", host_sets.name_hosts(hosts), f"no test VXLAN could be created: {why}", "", hosts
        )
