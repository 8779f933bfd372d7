"""What hosts are told to send, and what their answers mean: a healthy wire, then one thing changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.clusters import MODES, network, node, one_rack
from underlay.model.cluster import Cluster
from underlay.preflight.flows import flows
from underlay.preflight.measurements import Measured, measured
from underlay.preflight.sample import ALL_UP_TO, pairs
from underlay.preflight.wire_findings import Known, judge_wire
from underlay.preflight.wire_plan import Facts, WirePlan, wire_plan, with_tunnel
from underlay.prober.lanes import lanes_of
from underlay.prober.tag import ANSWER, ASK, SIZE, Tag, pack, unpack

RUN = b"abcd"
Answers = dict[str, dict[str, Any]]


def plan_of(made: Cluster, mode: str | None = None) -> WirePlan:
    facts = {n.name: Facts("eth0", 1500) for n in made.nodes}
    # Through JSON, as it goes to a host.
    plan = wire_plan(made, network(mode), facts, run=RUN)
    json.dumps(plan.parts)
    return plan


def well(plan: WirePlan) -> tuple[Answers, Answers, Answers]:
    """What hosts say while all is well."""
    listening: Answers = {name: {"taken": {}} for name in plan.parts}
    probed: Answers = {}
    finished: Answers = {name: {"heard": [], "accepted": []} for name in plan.parts}
    for name, part in plan.parts.items():
        peers: dict[str, Any] = {
            str(n): {
                "rtt": 0.4, "ttl": 64, "seen_as": part["address"], "packets": 12, "sizes": [1500, 0], "shut": {}, "ports": {},
            }
            for n in part["peers"]
        }  # fmt: skip
        probed[name] = {"peers": peers, "hardware": {}, "claimed": [], "routers": {}}
        for lane, targets in part["send"].items():
            if plan.lanes[lane].protocol != "tcp":
                for target in targets:
                    size = 1500 if plan.lanes[lane] in plan.carriers else 60
                    heard = [plan.number[name], lane, 1, part["address"], 64, size]
                    finished[plan.hosts[target]]["heard"].append(heard)
    return listening, probed, finished


Change = Callable[[WirePlan, Answers, Answers, Answers], None]


def seen(
    change: Change | None = None, *, mode: str | None = None, made: Cluster | None = None
) -> tuple[WirePlan, Measured]:
    plan = plan_of(made or one_rack(), mode)
    answers = well(plan)
    if change:
        change(plan, *answers)
    return plan, measured(plan, *answers)


def told(
    change: Change | None = None, *, known: Known | None = None, mode: str | None = None, **fields: Any
) -> list[str]:
    made = one_rack(**fields)
    plan, found = seen(change, mode=mode, made=made)
    findings = judge_wire(made, network(mode), plan, found, known or Known())
    return [f"{f.code} {f.line}" for f in findings]


def silence(source: str, target: str, protocol: str, port: int, state: str = "silent") -> Change:
    def change(plan: WirePlan, _: Answers, probed: Answers, finished: Answers) -> None:
        lane = next(i for i, lane in enumerate(plan.lanes) if (lane.protocol, lane.port) == (protocol, port))
        peer = probed[source]["peers"][str(plan.number[target])]
        peer["shut"][str(lane)] = state
        own = plan.number[source]
        heard = finished[target]["heard"]
        finished[target]["heard"] = [h for h in heard if (h[0], h[1]) != (own, lane)]

    return change


def path(source: str, target: str, size: int, *, named: int = 0) -> Change:
    def change(plan: WirePlan, _: Answers, probed: Answers, finished: Answers) -> None:
        probed[source]["peers"][str(plan.number[target])]["sizes"] = [size, named]
        if named:
            probed[source]["peers"][str(plan.number[target])]["limited_by"] = "192.0.2.254"
        carriers = {plan.lanes.index(lane) for lane in plan.carriers}
        for heard in finished[target]["heard"]:
            if heard[0] == plan.number[source] and heard[1] in carriers:
                heard[5] = size

    return change


def both(*changes: Change) -> Change:
    def change(*arguments: Any) -> None:
        for one in changes:
            one(*arguments)

    return change


@pytest.mark.parametrize("mode", MODES)
def test_a_healthy_wire_has_no_finding_in_any_mode(mode: str) -> None:
    assert told(mode=mode) == []


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_has_a_datagram_to_measure_paths_by(mode: str) -> None:
    plan = plan_of(one_rack(), mode)
    for part in plan.parts.values():
        measured_to = {p for lane in plan.carriers for p in part["send"].get(plan.lanes.index(lane), ())}
        assert measured_to == set(part["peers"])


@pytest.mark.parametrize("mode", MODES)
def test_what_is_asked_is_what_the_firewall_lets_in(mode: str) -> None:
    lanes = {(f.lane.protocol, f.lane.port) for f in flows(one_rack(), network(mode))}
    asked = {p.protocol for p in network(mode).prerequisites(one_rack()).ports} - {"icmp"}
    number = {"ipip": "4", "esp": "50"}
    assert {number.get(p, p) for p in asked} <= {protocol for protocol, _ in lanes}
    assert {("tcp", 6443), ("tcp", 10250)} <= lanes


CASES: list[tuple[Change, str]] = [
    (silence("w-1", "cp-1", "tcp", 6443),
     "lane-silent w-1 to cp-1: tcp 6443 (Kubernetes API) vanishes on the way; let tcp 6443 (Kubernetes API) pass"),
    (silence("w-1", "w-2", "tcp", 10250, "refused"),
     "lane-refused w-1 to w-2: tcp 10250 (kubelet) is refused; let tcp 10250 (kubelet) pass"),
    (both(*(silence(a, "w-2", "tcp", 10250) for a in ("cp-1", "w-1"))),
     "lane-silent to w-2, from everywhere: tcp 10250 (kubelet) vanishes on the way; let tcp 10250 (kubelet) pass"),
    (both(path("w-1", "w-2", 1400, named=1400), path("w-2", "w-1", 1400, named=1400)),
     "path-smaller w-1 and w-2: 1400 bytes pass (192.0.2.254); pods get 1350 everywhere"),
    (both(path("w-1", "w-2", 1400), path("w-2", "w-1", 1400)),
     "path-black-hole w-1 and w-2: 1400 bytes pass; larger packets vanish, and nobody says so; "
     "let ICMP type 3 code 4 pass, or give the hosts' links MTU 1400"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "line"), CASES)
def test_one_fault_is_one_finding(change: Change, line: str) -> None:
    # The overlay costs 50 bytes.
    assert told(change, mode="flannel-vxlan" if "1350" in line else None) == [line]


def test_one_way_alone_is_told_as_such() -> None:
    found = told(path("w-1", "w-2", 1400, named=1400))
    assert "path-asymmetric w-1 to w-2: 1400 bytes pass, and 1500 back; see which router each way takes" in found[1]


def test_a_stated_path_that_does_not_fit_is_refused_with_its_pair() -> None:
    change = both(path("w-1", "w-2", 1400, named=1400), path("w-2", "w-1", 1400, named=1400))
    assert told(change, known=Known(stated=True)) == [
        "path-too-small w-1 and w-2: 1400 bytes pass (192.0.2.254), and path_mtu is 1500; "
        "state path_mtu = 1400, leave it out, or raise the path's MTU"
    ]


def test_a_firewall_that_the_deploy_opens_stops_nothing() -> None:
    [line] = told(silence("w-1", "w-2", "tcp", 10250), known=Known(firewalled={"w-2"}))
    assert line.startswith("lane-behind-firewall w-1 to w-2: tcp 10250 (kubelet)")


def test_a_slow_disk_is_told_by_what_etcd_wants() -> None:
    def slow(_: WirePlan, __: Answers, probed: Answers, ___: Answers) -> None:
        probed["cp-1"]["storage"] = [2.0] * 85 + [14.2] * 15

    assert told(slow) == [
        "disk-slow cp-1: one durable write of ten takes 14 ms or more, and etcd wants 10 ms at most; "
        "put /var/lib/etcd on a faster disk"
    ]


def test_an_address_that_another_machine_has_is_told() -> None:
    def claimed(_: WirePlan, __: Answers, probed: Answers, ___: Answers) -> None:
        probed["w-1"]["claimed"] = ["02:00:00:00:00:09"]

    [line] = told(claimed)
    assert line.startswith("address-claimed w-1: its address is answered for by 02:00:00:00:00:09 too")


def test_two_hosts_with_one_hardware_address_are_told() -> None:
    known = Known(hardware={"w-1": "02:00:00:00:00:01", "w-2": "02:00:00:00:00:01", "cp-1": "02:00:00:00:00:02"})
    [line] = told(known=known)
    assert line.startswith("hardware-duplicate w-1 and w-2: all have the hardware address 02:00:00:00:00:01")


def test_a_host_that_cannot_be_asked_keeps_nobody_from_being_judged() -> None:
    def silent(_: WirePlan, listening: Answers, probed: Answers, finished: Answers) -> None:
        listening["w-2"] = {"trouble": "python3 is not there"}
        del probed["w-2"], finished["w-2"]

    [line] = told(silent)
    assert line.startswith("host-unprobed w-2: python3 is not there; install python3-minimal")


def test_tunnels_are_tried_where_the_mode_has_one_and_its_packets_pass() -> None:
    made = one_rack()
    plan = plan_of(made, "flannel-vxlan")
    parts = with_tunnel(plan, network("flannel-vxlan"), made, path=1500, passing=lambda a, b: "w-2" not in (a, b))
    calls = {(name, plan.hosts[n]) for name, part in parts.items() for n in part["tunnel"]["to"]}
    assert calls == {("cp-1", "w-1")}
    assert (
        with_tunnel(plan_of(made, "none"), network("none"), made, path=1500, passing=lambda *_: True)["cp-1"]["tunnel"]
        is None
    )


@pytest.mark.parametrize("count", [2, 3, 50, 51, 200])
def test_a_sample_leaves_out_no_host_and_no_two_racks(count: int) -> None:
    nodes = [node(f"w-{i}", i % 250 + 1, rack=f"rack-{i % 7}", prefix=f"10.0.{i // 250}.") for i in range(count)]
    found = pairs(nodes)
    assert len(found) == count * (count - 1) if count <= ALL_UP_TO else len(found) < count * 20
    assert {a for a, _ in found} == {b for _, b in found} == {n.name for n in nodes}
    racks = {n.name: n.rack for n in nodes}
    assert {(racks[a], racks[b]) for a, b in found} >= {
        (r, s) for r in racks.values() for s in racks.values() if r != s
    }


def test_a_packet_is_recognised_behind_any_shape_and_only_in_its_run() -> None:
    tag = Tag(ASK, 3, 1, 1400)
    packet = b"\x08\0\0\0" + pack(RUN, tag) + b"\0" * 100
    assert unpack(RUN, packet) == tag
    assert unpack(b"wxyz", packet) is None
    assert unpack(RUN, packet[:20]) is None
    answer = Tag(ANSWER, 3, 1, 1400, 63, bytes([192, 0, 2, 1]))
    assert unpack(RUN, pack(RUN, answer)) == answer


def test_a_packet_is_as_large_as_it_says() -> None:
    plan = plan_of(one_rack(), "flannel-vxlan").parts["w-1"]
    for lane in lanes_of(plan):
        if lane.is_datagram:
            assert len(lane.packet(RUN, Tag(ASK, 0, lane.number, 1500), 4)) + lane.headers(4) == 1500
            assert lane.smallest(4) <= 28 + 22 + SIZE
