"""What the answers of the wire mean: findings, grouped, each with what it points to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from underlay.findings import host_sets
from underlay.findings.finding import Finding
from underlay.model.cluster import Cluster
from underlay.model.routes import Routes
from underlay.networks.network import Network
from underlay.plan.offload import FEATURES
from underlay.prober.words import ABSENT, OPEN

from .flows import Lane
from .measurements import UNPROBED, Measured
from .sample import ALL_UP_TO
from .wire_plan import WirePlan

# etcd.io/docs, hardware recommendations: the 99th percentile of a WAL fsync below 10 ms. If the 90th of a short sample
# is above it, so is the 99th.
FSYNC_MS, _PERCENTILE = 10.0, 0.9


@dataclass(frozen=True)
class Known:
    """What preflight knows beside the wire: `firewalled` hosts have a firewall of their own that the deploy opens;
    `hardware` are addresses of the link that carries the node's; `stated` is whether path_mtu is given."""

    firewalled: Collection[str] = ()
    hardware: Mapping[str, str] = field(default_factory=dict)
    stated: bool = False


def judge_wire(cluster: Cluster, network: Network, plan: WirePlan, seen: Measured, known: Known) -> list[Finding]:
    return [
        *_unprobed(seen),
        *_lanes(cluster, plan, seen, known),
        *_sources(cluster, seen),
        *_paths(cluster, network, plan, seen, known),
        *_segments(cluster, network, seen, known),
        *_claims(seen),
        *_same_hardware(known),
        *_tunnels(cluster, seen),
        *_routers(cluster, seen),
        *_storage(seen),
        *_sampled(cluster, plan),
    ]


def _unprobed(seen: Measured) -> Iterator[Finding]:
    reasons: dict[str, list[str]] = {}
    for host, why in seen.silent_hosts.items():
        reasons.setdefault(why, []).append(host)
    for why, names in reasons.items():
        remedy = "install python3-minimal for the time of the deploy, or accept that the wire is not asked"
        yield Finding("host-unprobed", host_sets.hosts(names), why, remedy, tuple(names))


def _lanes(cluster: Cluster, plan: WirePlan, seen: Measured, known: Known) -> Iterator[Finding]:
    racks = {n.name: n.rack for n in cluster.nodes}
    groups: dict[tuple[str, Lane, str], set[tuple[str, str]]] = {}
    asked: dict[Lane, set[tuple[str, str]]] = {}
    for flow, state in seen.flows.items():
        pair = (flow.source, flow.target)
        if state != UNPROBED:
            asked.setdefault(flow.lane, set()).add(pair)
        if state in (OPEN, UNPROBED):
            continue
        groups.setdefault((_code(flow.lane, state, pair, known), flow.lane, state), set()).add(pair)
    for (code, lane, state), found in groups.items():
        where = host_sets.pairs(found, asked[lane], racks)
        how = {"silent": "vanishes on the way", "refused": "is refused"}.get(state, f'is answered with "{state}"')
        by = {seen.refused_by[p] for p in found if p in seen.refused_by} if state != "silent" else set()
        who = f" by {host_sets.hosts(by)}" if by else ""
        remedy = f"let {lane.title} pass"
        if code == "lane-behind-firewall":
            remedy = "nothing to do: the deploy opens it, and verification asks again"
        yield Finding(code, where, f"{lane.title} {how}{who}", remedy, host_sets.concerned(found))


def _code(lane: Lane, state: str, pair: tuple[str, str], known: Known) -> str:
    if set(pair) & set(known.firewalled):
        return "lane-behind-firewall"
    if not lane.needed:
        return "service-lane-shut"
    return {"silent": "lane-silent", "refused": "lane-refused"}.get(state, "lane-unreachable")


def _sources(cluster: Cluster, seen: Measured) -> Iterator[Finding]:
    address = {n.name: str(n.address) for n in cluster.nodes}
    changed: dict[str, set[tuple[str, str]]] = {}
    for pair, path in seen.paths.items():
        if path.seen_as and path.seen_as != address[pair[0]]:
            changed.setdefault(path.seen_as, set()).add(pair)
    racks = {n.name: n.rack for n in cluster.nodes}
    for source, found in changed.items():
        where = host_sets.pairs(found, seen.paths.keys(), racks)
        yield Finding(
            "source-changed",
            where,
            f"packets arrive from {source}, not from the sender",
            "take the hosts out of the NAT rule: nodes know one another by address",
            host_sets.concerned(found),
        )


def _paths(cluster: Cluster, network: Network, plan: WirePlan, seen: Measured, known: Known) -> Iterator[Finding]:
    racks = {n.name: n.rack for n in cluster.nodes}
    measured = {pair: p for pair, p in seen.paths.items() if p.largest}
    shut = {(f.source, f.target) for f, state in seen.flows.items() if f.lane in plan.carriers and state != OPEN}
    unmeasured = {p for p, path in seen.paths.items() if not path.largest and p not in shut}
    if unmeasured:
        where = host_sets.pairs(unmeasured, seen.paths.keys(), racks)
        yield Finding(
            "path-unmeasured",
            where,
            "no datagram passes to measure by",
            "state path_mtu",
            host_sets.concerned(unmeasured),
        )
    usual = max((p.largest for p in measured.values()), default=0)
    groups: dict[tuple[str, int], set[tuple[str, str]]] = {}
    for pair, path in measured.items():
        hole = path.largest < usual and not path.told
        if known.stated and path.largest < cluster.path_mtu:
            groups.setdefault(("path-too-small", path.largest), set()).add(pair)
        elif path.largest < usual and not hole:
            groups.setdefault(("path-smaller", path.largest), set()).add(pair)
        if hole:
            groups.setdefault(("path-black-hole", path.largest), set()).add(pair)
    for (code, size), found in groups.items():
        by = host_sets.hosts({measured[p].told_by for p in found} - {""})
        yield Finding(
            code,
            host_sets.pairs(found, measured.keys(), racks),
            _of_path(code, size, by, cluster, network),
            _cure(code, size),
            host_sets.concerned(found),
        )
    lopsided = {(a, b) for (a, b), p in measured.items() if (b, a) in measured and p.largest < measured[b, a].largest}
    if lopsided:
        sizes = sorted({f"{measured[p].largest} bytes pass, and {measured[p[::-1]].largest} back" for p in lopsided})
        where = host_sets.pairs(lopsided, measured.keys(), racks)
        yield Finding(
            "path-asymmetric",
            where,
            "; ".join(sizes).replace("; ", ", or "),
            "see which router each way takes (tracepath, both ways)",
            host_sets.concerned(lopsided),
        )


def _of_path(code: str, size: int, by: str, cluster: Cluster, network: Network) -> str:
    word = f" ({by})" if by else ""
    if code == "path-too-small":
        return f"{size} bytes pass{word}, and path_mtu is {cluster.path_mtu}"
    if code == "path-black-hole":
        return f"{size} bytes pass; larger packets vanish, and nobody says so"
    return f"{size} bytes pass{word}; pods get {size - network.overhead(cluster)} everywhere"


def _cure(code: str, size: int) -> str:
    return {
        "path-too-small": f"state path_mtu = {size}, leave it out, or raise the path's MTU",
        "path-black-hole": f"let ICMP type 3 code 4 pass, or give the hosts' links MTU {size}",
    }.get(code, "")


def _segments(cluster: Cluster, network: Network, seen: Measured, known: Known) -> Iterator[Finding]:
    """Pairs that the inventory, or the mode, has on one segment, and that a router stands between."""
    racks = {n.name: n.rack for n in cluster.nodes}
    strict = network.needs_one_segment and cluster.routes is Routes.PLUGIN
    routed: dict[str, set[tuple[str, str]]] = {}
    for (a, b), path in seen.paths.items():
        if not (strict or racks[a] == racks[b]):
            continue
        disguised = bool(path.hardware) and path.hardware != known.hardware.get(b, path.hardware)
        if path.hops or disguised:
            code = "segment-routed" if strict else "segment-disguised"
            routed.setdefault(code, set()).add((a, b))
    for code, found in routed.items():
        hops = {seen.paths[p].hop for p in found} - {""}
        by = f" ({host_sets.hosts(hops)})" if hops else ""
        need = (
            f"{network.mode} needs them on one segment"
            if code == "segment-routed"
            else "the inventory has them in one rack"
        )
        yield Finding(
            code,
            host_sets.pairs(found, [p for p in seen.paths if strict or racks[p[0]] == racks[p[1]]], racks),
            f"a router{by} stands between, and {need}",
            "use a mode with an overlay, or correct racks and routes",
            host_sets.concerned(found),
        )


def _claims(seen: Measured) -> Iterator[Finding]:
    for host, hardware in seen.claimed.items():
        yield Finding(
            "address-claimed",
            host,
            f"its address is answered for by {', '.join(hardware)} too",
            "find that machine in the switch's table, and give it another address",
            (host,),
        )


def _same_hardware(known: Known) -> Iterator[Finding]:
    owners: dict[str, list[str]] = {}
    for host, hardware in known.hardware.items():
        owners.setdefault(hardware, []).append(host)
    for hardware, names in owners.items():
        if len(names) > 1:
            yield Finding(
                "hardware-duplicate",
                host_sets.hosts(names),
                f"all have the hardware address {hardware}",
                "give every host its own: a cloned machine keeps it in its definition",
                tuple(names),
            )


def _tunnels(cluster: Cluster, seen: Measured) -> Iterator[Finding]:
    racks = {n.name: n.rack for n in cluster.nodes}
    address = {n.name: str(n.address) for n in cluster.nodes}
    bad: dict[str, set[tuple[str, str]]] = {}
    for pair, result in seen.tunnels.items():
        one, other = address[pair[0]], address[pair[1]]
        changed = any(
            seen.paths[p].seen_as not in ("", a) for p, a in ((pair, one), (pair[::-1], other)) if p in seen.paths
        )
        if result not in ("ok", ABSENT) and not changed:
            bad.setdefault(result, set()).add(pair)
    for result, found in bad.items():
        names = sorted({a for a, _ in found})
        yield Finding(
            "tunnel-corrupts",
            host_sets.pairs(found, seen.tunnels.keys(), racks),
            f"TCP inside a VXLAN: {result}",
            f"on {host_sets.hosts(names)}: ethtool -K LINK {' off '.join(FEATURES)} off; "
            'tunnel_offload = "off" in the inventory does that, and keeps it',
            host_sets.concerned(found),
        )
    reasons: dict[str, list[str]] = {}
    for host, why in seen.no_tunnel.items():
        reasons.setdefault(why, []).append(host)
    for (_, host), result in seen.tunnels.items():
        if result == ABSENT and host not in seen.no_tunnel:
            reasons.setdefault("its end was not seen in time", []).append(host)
    for why, names in reasons.items():
        hosts = tuple(dict.fromkeys(names))
        yield Finding("tunnel-unprobed", host_sets.hosts(hosts), f"no VXLAN for a moment: {why}", "", hosts)


def _routers(cluster: Cluster, seen: Measured) -> Iterator[Finding]:
    if cluster.bgp is None:
        return
    known = {str(r.address): r for r in cluster.bgp.routers}
    for host, routers in seen.routers.items():
        for address, said in routers.items():
            router = known[address]
            where = f"{host} and {router.name}"
            trouble = said.get("trouble")
            if trouble in ("silent", "refused"):
                why = "does not answer on TCP 179" if trouble == "silent" else "refuses TCP 179"
                remedy = f"have it accept {cluster.node(host).address}; compare the passwords"
                yield Finding("router-silent", where, f"{address} {why}", remedy, (host,))
            elif trouble:
                yield Finding("router-refuses", where, trouble, "compare AS numbers and addresses on it", (host,))
            elif said["as"] != router.as_number:
                told_as = f"{address} says AS {said['as']}, and the inventory has {router.as_number}"
                yield Finding("router-as", where, told_as, "correct the router's as_number", (host,))


def _storage(seen: Measured) -> Iterator[Finding]:
    for host, taken in seen.storage.items():
        slow = taken[min(len(taken) - 1, int(len(taken) * _PERCENTILE))]
        if slow > FSYNC_MS:
            yield Finding(
                "disk-slow",
                host,
                f"one durable write of ten takes {slow:.0f} ms or more, and etcd wants {FSYNC_MS:.0f} ms at most",
                "put /var/lib/etcd on a faster disk",
                (host,),
            )


def _sampled(cluster: Cluster, plan: WirePlan) -> Iterator[Finding]:
    if len(cluster.nodes) > ALL_UP_TO:
        asked = len({(f.source, f.target) for f in plan.flows})
        every = len(cluster.nodes) * (len(cluster.nodes) - 1)
        yield Finding("sampled", "the cluster", f"{asked} of {every} directed pairs were asked", "")
