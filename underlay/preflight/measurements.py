"""The hosts' answers put together: what became of each flow, and what each path is like."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from underlay.prober.words import OPEN, TTL

from .flows import Flow, Lane
from .wire_plan import WirePlan

UNPROBED = "not probed"


@dataclass(frozen=True)
class Path:
    """One direction between two hosts. Sizes in bytes, the round trip in milliseconds; `largest` is 0 where nothing
    was measured. `told` is the MTU that the router `told_by` named; `hops` counts routers, `hop` is the first.
    `seen_as` is the source that the far end saw; `packets` were sent for all of it."""

    largest: int = 0
    told: int = 0
    told_by: str = ""
    hops: int | None = None
    hop: str = ""
    seen_as: str = ""
    rtt_ms: float | None = None
    hardware: str = ""
    packets: int = 0


@dataclass(frozen=True)
class Measured:
    """`flows` say open, silent, refused, unreachable or not probed; `silent_hosts` are those that could not be asked,
    with the reason."""

    flows: Mapping[Flow, str] = field(default_factory=dict)
    refused_by: Mapping[tuple[str, str], str] = field(default_factory=dict)
    paths: Mapping[tuple[str, str], Path] = field(default_factory=dict)
    claimed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    storage: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    routers: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    tunnels: Mapping[tuple[str, str], str] = field(default_factory=dict)
    no_tunnel: Mapping[str, str] = field(default_factory=dict)
    silent_hosts: Mapping[str, str] = field(default_factory=dict)

    @property
    def path_mtu(self) -> int | None:
        """The smallest that passes between any two hosts; None where no path was measured."""
        return min((p.largest for p in self.paths.values() if p.largest), default=None)

    def passing(self, lanes: Collection[Lane]) -> Callable[[str, str], bool]:
        """Whether datagrams of these lanes pass between two hosts, both ways, and arrive as they were sent."""
        shut = {(f.source, f.target) for f, state in self.flows.items() if f.lane in lanes and state != OPEN}

        def passes(one: str, other: str) -> bool:
            ways = ((one, other), (other, one))
            return all(way in self.paths and way not in shut and self.paths[way].largest for way in ways)

        return passes


Answers = Mapping[str, Mapping[str, Any]]


def measured(plan: WirePlan, listening: Answers, probed: Answers, finished: Answers) -> Measured:
    """
    :param listening, probed, finished: what the hosts said at each step, or their `trouble`.
    """
    steps = (listening, probed, finished)
    silent = {host: str(said["trouble"]) for step in steps for host, said in step.items() if "trouble" in said}
    listening, probed, finished = ({h: said for h, said in step.items() if "trouble" not in said} for step in steps)
    heard = {
        (plan.hosts[sender], host, lane): (source, ttl, largest)
        for host, said in finished.items()
        for sender, lane, _, source, ttl, largest in said["heard"]
    }
    accepted = {
        (host, lane, port): source for host, said in finished.items() for lane, source, port in said["accepted"]
    }
    return Measured(
        flows={f: _flow(plan, f, listening, probed, heard) for f in plan.flows},
        refused_by={
            (host, plan.hosts[int(n)]): said["refused_by"]
            for host, answer in probed.items()
            for n, said in answer["peers"].items()
            if said.get("refused_by")
        },
        paths={
            (host, plan.hosts[int(n)]): _path(plan, host, plan.hosts[int(n)], said, answer, heard, accepted)
            for host, answer in probed.items()
            for n, said in answer["peers"].items()
        },
        claimed={host: tuple(said["claimed"]) for host, said in probed.items() if said["claimed"]},
        storage={host: tuple(said["storage"]) for host, said in probed.items() if said.get("storage")},
        routers={host: said["routers"] for host, said in probed.items() if said["routers"]},
        tunnels={
            (host, plan.hosts[int(n)]): result
            for host, said in finished.items()
            for n, result in said.get("tunnel", {}).items()
        },
        no_tunnel={host: said["no_tunnel"] for host, said in finished.items() if "no_tunnel" in said},
        silent_hosts=silent,
    )


def _flow(
    plan: WirePlan,
    flow: Flow,
    listening: Answers,
    probed: Answers,
    heard: Mapping[tuple[str, str, int], Any],
) -> str:
    """Whether it arrived counts, not whether the answer came back: that is the other direction's flow."""
    lane = plan.place[flow.lane]
    if flow.source not in probed or flow.target not in listening:
        return UNPROBED
    if (flow.source, flow.target, lane) in heard:
        return OPEN
    said = probed[flow.source]["peers"].get(str(plan.number[flow.target]), {})
    state = said.get("shut", {}).get(str(lane), OPEN)
    if state != OPEN and str(lane) in listening[flow.target]["taken"]:
        # Whoever listens there need not answer us; a TCP port that does is open all the same.
        return UNPROBED
    return str(state)


def _path(
    plan: WirePlan,
    host: str,
    peer: str,
    said: Mapping[str, Any],
    answer: Mapping[str, Any],
    heard: Mapping[tuple[str, str, int], tuple[str, int, int]],
    accepted: Mapping[tuple[str, int, int], str],
) -> Path:
    largest, told = said["sizes"]
    seen_as, ttl = said.get("seen_as", ""), said.get("ttl")
    for lane in plan.carriers:
        arrived = heard.get((host, peer, plan.place[lane]))
        if arrived:
            source, arrived_ttl, size = arrived
            seen_as, ttl, largest = source, arrived_ttl, max(largest, size)
    if not seen_as:
        ports = ((int(lane), port) for lane, port in said["ports"].items())
        seen_as = next((s for lane, port in ports if (s := accepted.get((peer, lane, port)))), "")
    return Path(
        largest=largest,
        told=told,
        told_by=said.get("limited_by", ""),
        hops=TTL - ttl if ttl and ttl <= TTL else None,
        hop=said.get("hop", ""),
        seen_as=seen_as,
        rtt_ms=said.get("rtt"),
        hardware=answer["hardware"].get(plan.parts[peer]["address"], ""),
        packets=said["packets"],
    )
