"""The hosts' replies put together: the state of each flow, and what was measured on each path."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from underlay.prober.words import OPEN, TTL

from .flows import Flow, Lane
from .wire_plan import WirePlan

UNPROBED = "not probed"


@dataclass(frozen=True)
class MeasuredPath:
    """One direction between two hosts.

    `largest` is the largest packet that passes, in bytes, 0 where none was measured. `reported_mtu` is the MTU that the
    router `reported_by` named in an ICMP error, 0 for none. `hops` counts routers, `hop` is the address of the first.
    `source` is the address that the peer received packets from, `hardware` the MAC address that answers for the peer.
    `packets` is how many were sent.
    """

    largest: int = 0
    reported_mtu: int = 0
    reported_by: str = ""
    hops: int | None = None
    hop: str = ""
    source: str = ""
    rtt_ms: float | None = None
    hardware: str = ""
    packets: int = 0


@dataclass(frozen=True)
class Measurements:
    """Everything that was measured between hosts; pairs are directed, sender first.

    `flows` maps to open, silent, refused, unreachable or not probed; `refused_by` to the router that refused.
    `claimed`: host -> MAC addresses that answer for its address, too. `storage`: host -> milliseconds of each durable
    write, sorted. `routers`: host -> router's address -> its OPEN, or the `trouble`. `tunnels` maps to ok or what went
    wrong, `no_tunnel` and `silent_hosts` to the reason why a host has no tunnel or no reply.
    """

    flows: Mapping[Flow, str] = field(default_factory=dict)
    refused_by: Mapping[tuple[str, str], str] = field(default_factory=dict)
    paths: Mapping[tuple[str, str], MeasuredPath] = field(default_factory=dict)
    claimed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    storage: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    routers: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    tunnels: Mapping[tuple[str, str], str] = field(default_factory=dict)
    no_tunnel: Mapping[str, str] = field(default_factory=dict)
    silent_hosts: Mapping[str, str] = field(default_factory=dict)

    @property
    def path_mtu(self) -> int | None:
        """The smallest MTU of all paths, in bytes; None where none was measured."""
        return min((p.largest for p in self.paths.values() if p.largest), default=None)

    def passing(self, lanes: Collection[Lane]) -> Callable[[str, str], bool]:
        """Whether datagrams of these lanes pass between two hosts, in both directions."""
        shut = {(f.source, f.target) for f, state in self.flows.items() if f.lane in lanes and state != OPEN}

        def passes(one: str, other: str) -> bool:
            directions = ((one, other), (other, one))
            return all(d in self.paths and d not in shut and self.paths[d].largest for d in directions)

        return passes


Replies = Mapping[str, Mapping[str, Any]]
"""Host -> the JSON that its prober printed, or its `trouble`."""


def read_measurements(plan: WirePlan, listening: Replies, probed: Replies, finished: Replies) -> Measurements:
    """What the replies amount to.

    :param listening, probed, finished: replies to each step; later ones may be missing.
    """
    steps = (listening, probed, finished)
    silent = {host: str(reply["trouble"]) for step in steps for host, reply in step.items() if "trouble" in reply}
    listening, probed, finished = ({h: reply for h, reply in step.items() if "trouble" not in reply} for step in steps)
    heard = {
        (plan.hosts[sender], host, lane): (source, ttl, largest)
        for host, reply in finished.items()
        for sender, lane, _, source, ttl, largest in reply["heard"]
    }
    accepted = {
        (host, lane, port): source for host, reply in finished.items() for lane, source, port in reply["accepted"]
    }
    return Measurements(
        flows={f: _flow(plan, f, listening, probed, heard) for f in plan.flows},
        refused_by={
            (host, plan.hosts[int(n)]): reply["refused_by"]
            for host, answer in probed.items()
            for n, reply in answer["peers"].items()
            if reply.get("refused_by")
        },
        paths={
            (host, plan.hosts[int(n)]): _path(plan, host, plan.hosts[int(n)], reply, answer, heard, accepted)
            for host, answer in probed.items()
            for n, reply in answer["peers"].items()
        },
        claimed={host: tuple(reply["claimed"]) for host, reply in probed.items() if reply["claimed"]},
        storage={host: tuple(reply["storage"]) for host, reply in probed.items() if reply.get("storage")},
        routers={host: reply["routers"] for host, reply in probed.items() if reply["routers"]},
        tunnels={
            (host, plan.hosts[int(n)]): result
            for host, reply in finished.items()
            for n, result in reply.get("tunnel", {}).items()
        },
        no_tunnel={host: reply["no_tunnel"] for host, reply in finished.items() if "no_tunnel" in reply},
        silent_hosts=silent,
    )


def _flow(
    plan: WirePlan,
    flow: Flow,
    listening: Replies,
    probed: Replies,
    heard: Mapping[tuple[str, str, int], Any],
) -> str:
    """A flow is open if its packet arrived, whether or not the answer came back: that is another flow."""
    lane = plan.place[flow.lane]
    if flow.source not in probed or flow.target not in listening:
        return UNPROBED
    if (flow.source, flow.target, lane) in heard:
        return OPEN
    reply = probed[flow.source]["peers"].get(str(plan.number[flow.target]), {})
    state = reply.get("shut", {}).get(str(lane), OPEN)
    if state != OPEN and str(lane) in listening[flow.target]["taken"]:
        # The program that listens there need not answer; a TCP port that answers is open all the same.
        return UNPROBED
    return str(state)


def _path(
    plan: WirePlan,
    host: str,
    peer: str,
    reply: Mapping[str, Any],
    answer: Mapping[str, Any],
    heard: Mapping[tuple[str, str, int], tuple[str, int, int]],
    accepted: Mapping[tuple[str, int, int], str],
) -> MeasuredPath:
    largest, reported = reply["sizes"]
    arrived_as, ttl = reply.get("seen_as", ""), reply.get("ttl")
    for lane in plan.carriers:
        arrived = heard.get((host, peer, plan.place[lane]))
        if arrived:
            source, arrived_ttl, size = arrived
            arrived_as, ttl, largest = source, arrived_ttl, max(largest, size)
    if not arrived_as:
        ports = ((int(lane), port) for lane, port in reply["ports"].items())
        arrived_as = next((s for lane, port in ports if (s := accepted.get((peer, lane, port)))), "")
    return MeasuredPath(
        largest=largest,
        reported_mtu=reported,
        reported_by=reply.get("limited_by", ""),
        hops=TTL - ttl if ttl and ttl <= TTL else None,
        hop=reply.get("hop", ""),
        source=arrived_as,
        rtt_ms=reply.get("rtt"),
        hardware=answer["hardware"].get(plan.parts[peer]["address"], ""),
        packets=reply["packets"],
    )
