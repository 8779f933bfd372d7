"""What each host listens on and sends, as the JSON that its prober reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from underlay.model.cluster import Cluster
from underlay.networks.network import Network
from underlay.patience import stretched
from underlay.plan.required_ports import SERVICES
from underlay.resources.firewall import protocol
from underlay.routing.sessions import sessions

from .flows import Flow, Lane, flows
from .links import HostLink
from .sampled_pairs import sampled_pairs

# Seconds after which a prober ends by itself, when its run was killed.
DEADLINE_S = stretched(120)
# Bytes of a jumbo frame: no larger packet is tried.
LARGEST = 9216
_INNER = 50
# The first bytes after UDP or IP, by the standards of each: middleboxes that inspect packets see the real protocol.
_LOCAL_ETHERNET = "02756c00000102756c00000288b5"
_SHAPES = {
    "VXLAN": "0800000000000100" + _LOCAL_ETHERNET,
    "Geneve": "0000655800000100" + _LOCAL_ETHERNET,
    "WireGuard": "04000000" + "00000001" + "0000000000000001",
    "ESP": "00000101" + "00000001",
}
# An inner IPv4 header, between addresses reserved for benchmarks (RFC 2544), with protocol 253 for experiments.
_IP_IN_IP = "450000380000000040fd0000c6120001c6120002"


@dataclass(frozen=True)
class WirePlan:
    """Every flow that is probed, and each host's part in it. A part refers to hosts and lanes by their index.

    `carriers` are the datagrams whose size is varied to find a path's MTU."""

    hosts: tuple[str, ...]
    lanes: tuple[Lane, ...]
    flows: tuple[Flow, ...]
    carriers: frozenset[Lane]
    parts: Mapping[str, dict[str, Any]]

    @cached_property
    def number(self) -> Mapping[str, int]:
        return {name: i for i, name in enumerate(self.hosts)}

    @cached_property
    def place(self) -> Mapping[Lane, int]:
        return {lane: i for i, lane in enumerate(self.lanes)}


def wire_plan(
    cluster: Cluster,
    network: Network,
    links: Mapping[str, HostLink],
    *,
    run: bytes,
    fresh: frozenset[str] | None = None,
    second: bool = False,
) -> WirePlan:
    """The flows between the hosts that take part, and what each host does for them.

    :param links: the link that has the node's address, of each host that takes part.
    :param run: four bytes that mark this run's packets.
    :param fresh: probe only pairs with one of these hosts; None for all.
    :param second: between the second addresses, after the first ones: routers and disks are known by then.
    """
    pairs = sampled_pairs([n for n in cluster.nodes if n.name in links])
    if fresh is not None:
        pairs = frozenset(p for p in pairs if fresh & set(p))
    found = tuple(f for f in flows(cluster, network, second=second) if (f.source, f.target) in pairs)
    lanes = tuple(dict.fromkeys(f.lane for f in found))
    hosts = tuple(n.name for n in cluster.nodes)
    carriers = _carriers(cluster, network, lanes)
    shape = _shapes(cluster, network)
    shared = {
        "run": run.hex(),
        "deadline": DEADLINE_S,
        "lanes": [[lane.protocol, lane.port, shape.get((lane.protocol, lane.port), "")] for lane in lanes],
        "carriers": [lanes.index(lane) for lane in carriers],
        "tunnel": None,
    }
    number = {name: i for i, name in enumerate(hosts)}
    place = {lane: i for i, lane in enumerate(lanes)}
    parts: dict[str, dict[str, Any]] = {}
    for node in cluster.nodes:
        if node.name not in links:
            continue
        own = links[node.name]
        parts[node.name] = shared | {
            "me": number[node.name],
            "address": str(node.address),
            "link": own.name,
            "ceiling": min(own.mtu, LARGEST),
            "peers": {},
            "send": {},
            "listen": [],
            "routers": [] if second else _routers(cluster, network, node.name),
            "storage": "/var/lib/etcd" if node.is_control_plane and not second else "",
        }
    for flow in found:
        source, target, lane = parts[flow.source], parts[flow.target], place[flow.lane]
        source["peers"][number[flow.target]] = target["address"]
        source["send"].setdefault(lane, []).append(number[flow.target])
        if lane not in target["listen"]:
            target["listen"].append(lane)
    return WirePlan(hosts, lanes, found, frozenset(carriers), parts)


def with_tunnel(
    plan: WirePlan, network: Network, cluster: Cluster, *, path: int, passing: Callable[[str, str], bool]
) -> Mapping[str, dict[str, Any]]:
    """The hosts' parts with a VXLAN to two other hosts each; unchanged where the mode uses none.

    :param path: the path's MTU in bytes.
    :param passing: whether the mode's datagrams pass between two hosts, in both directions.
    """
    port = _after_udp(network, cluster).get("VXLAN")
    if port is None or len(plan.parts) < 2:
        return plan.parts
    names = list(plan.parts)
    steps = dict.fromkeys((1, max(1, len(names) // 2)))
    calls = [
        (name, other)
        for i, name in enumerate(names)
        for step in steps
        if (other := names[(i + step) % len(names)]) != name and passing(name, other)
    ]
    return {
        name: part
        | {
            "peers": {plan.number[n]: plan.parts[n]["address"] for n in names if n != name},
            "tunnel": {
                "port": port,
                "mtu": path - _INNER,
                "to": [plan.number[other] for one, other in calls if one == name],
                "from": [plan.number[one] for one, other in calls if other == name],
            },
        }
        for name, part in plan.parts.items()
    }


def _carriers(cluster: Cluster, network: Network, lanes: Sequence[Lane]) -> list[Lane]:
    """The datagrams whose size is varied to find the path's MTU: the mode's own, or a NodePort's."""
    version = cluster.first.address.version
    own = {
        (protocol(p.protocol, version), p.number) for p in network.prerequisites(cluster).ports if p.protocol != "icmp"
    }
    datagrams = [lane for lane in lanes if lane.protocol != "tcp"]
    mine = [lane for lane in datagrams if (lane.protocol, lane.port) in own]
    nodeports = {n for p in SERVICES for n in (p.number, p.last)}
    return mine[:1] or [lane for lane in datagrams if lane.port in nodeports]


def _after_udp(network: Network, cluster: Cluster) -> dict[str, int]:
    """Name of the header that follows UDP between nodes -> UDP port."""
    headers = network.headers(cluster)
    return {
        after.name: int(header.note.removeprefix("port "))
        for header, after in pairwise(headers)
        if header.name == "UDP" and header.note.startswith("port ")
    }


def _shapes(cluster: Cluster, network: Network) -> dict[tuple[str, int], str]:
    found = {("udp", port): _SHAPES[name] for name, port in _after_udp(network, cluster).items() if name in _SHAPES}
    return found | {("4", 0): _IP_IN_IP, ("50", 0): _SHAPES["ESP"]}


def _routers(cluster: Cluster, network: Network, host: str) -> list[dict[str, Any]]:
    """Routers not managed by Underlay that this node peers with."""
    bgp = cluster.bgp
    if bgp is None or not (network.peers_with_routers or cluster.routes == "bgp"):
        return []
    return [
        {
            "address": str(far.address),
            "own": str(mine.address),
            "as_number": mine.as_number,
            "password": bgp.password,
            "one_hop": bgp.ttl_security,
        }
        for session in sessions(cluster)
        if (ends := session.end_of(host)) and not ends[1].managed
        for mine, far in [ends]
    ]
