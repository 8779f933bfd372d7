"""What each host listens on and sends, as the JSON that the prober on it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from underlay.model.cluster import Cluster
from underlay.networks.network import Network
from underlay.plan.required_ports import SERVICES
from underlay.resources.firewall import protocol
from underlay.routing.sessions import sessions

from .flows import Flow, Lane, flows
from .sample import pairs

# A run that was killed leaves nothing behind for longer.
DEADLINE_S = 120
# No path is searched beyond jumbo frames.
LARGEST = 9216
_INNER = 50
# How packets inside a tunnel begin, so that what looks into them sees the real thing: headers of the field's standards.
_LOCAL_ETHERNET = "02756c00000102756c00000288b5"
_SHAPES = {
    "VXLAN": "0800000000000100" + _LOCAL_ETHERNET,
    "Geneve": "0000655800000100" + _LOCAL_ETHERNET,
    "WireGuard": "04000000" + "00000001" + "0000000000000001",
    "ESP": "00000101" + "00000001",
}
# An IPv4 header of its own, between addresses set apart for measurements, with a protocol for experiments.
_IP_IN_IP = "450000380000000040fd0000c6120001c6120002"


@dataclass(frozen=True)
class Facts:
    """What a host said of itself: the link that has the node's address, and that link's MTU."""

    link: str
    mtu: int


@dataclass(frozen=True)
class WirePlan:
    """Every flow that is asked, and each host's part in it. Hosts and lanes are numbers there, in this order."""

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
    facts: Mapping[str, Facts],
    *,
    run: bytes,
    fresh: frozenset[str] | None = None,
    storage: bool = True,
) -> WirePlan:
    """
    :param facts: of the hosts that take part.
    :param run: four bytes that tell this run's packets from others'.
    :param fresh: only pairs with one of these hosts are asked; None for all.
    """
    asked = pairs([n for n in cluster.nodes if n.name in facts])
    if fresh is not None:
        asked = frozenset(p for p in asked if fresh & set(p))
    found = tuple(f for f in flows(cluster, network) if (f.source, f.target) in asked)
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
        if node.name not in facts:
            continue
        own = facts[node.name]
        parts[node.name] = shared | {
            "me": number[node.name],
            "address": str(node.address),
            "link": own.link,
            "ceiling": min(own.mtu, LARGEST),
            "peers": {},
            "send": {},
            "listen": [],
            "routers": _routers(cluster, network, node.name),
            "storage": "/var/lib/etcd" if storage and node.is_control_plane else "",
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
    """The hosts' parts with a tunnel of the mode's kind to two others each; as they were where the mode has none.

    :param passing: whether datagrams of the mode pass between two hosts, both ways.
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
    """Name of the header that follows UDP between nodes -> the port before it."""
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
    """Routers of others that this node will speak BGP with."""
    bgp = cluster.bgp
    if bgp is None or not (network.peers_with_routers or cluster.routes == "bgp"):
        return []
    return [
        {
            "address": str(far.address),
            "as_number": mine.as_number,
            "password": bgp.password,
            "one_hop": bgp.ttl_security,
        }
        for session in sessions(cluster)
        if (ends := session.end_of(host)) and not ends[1].ours and ends[1].address.version == 4
        for mine, far in [ends]
    ]
