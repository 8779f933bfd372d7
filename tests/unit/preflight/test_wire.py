"""What hosts have to send, and what their replies mean: a healthy network, then one thing changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.clusters import MODES, network, node, one_rack
from underlay.model.cluster import Cluster
from underlay.preflight.flows import flows
from underlay.preflight.links import HostLink
from underlay.preflight.measurements import Measurements, read_measurements
from underlay.preflight.sampled_pairs import ALL_UP_TO, sampled_pairs
from underlay.preflight.wire_findings import judge_wire
from underlay.preflight.wire_plan import WirePlan, wire_plan, with_tunnel
from underlay.preflight.wire_result import HostContext
from underlay.prober.lanes import lanes_of
from underlay.prober.tag import REPLY, REQUEST, SIZE, Tag, pack, unpack

RUN = b"abcd"
Replies = dict[str, dict[str, Any]]


def plan_of(made: Cluster, mode: str | None = None) -> WirePlan:
    links = {n.name: HostLink("eth0", 1500) for n in made.nodes}
    # Through JSON, as it goes to a host.
    plan = wire_plan(made, network(mode), links, run=RUN)
    json.dumps(plan.parts)
    return plan


def healthy(plan: WirePlan) -> tuple[Replies, Replies, Replies]:
    """The replies of hosts between which everything passes."""
    listening: Replies = {name: {"taken": {}} for name in plan.parts}
    probed: Replies = {}
    finished: Replies = {name: {"heard": [], "accepted": []} for name in plan.parts}
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


Change = Callable[[WirePlan, Replies, Replies, Replies], None]


def probed_with(
    change: Change | None = None, *, mode: str | None = None, made: Cluster | None = None
) -> tuple[WirePlan, Measurements]:
    plan = plan_of(made or one_rack(), mode)
    replies = healthy(plan)
    if change:
        change(plan, *replies)
    return plan, read_measurements(plan, *replies)


def lines(
    change: Change | None = None, *, context: HostContext | None = None, mode: str | None = None, **fields: Any
) -> list[str]:
    made = one_rack(**fields)
    plan, found = probed_with(change, mode=mode, made=made)
    findings = judge_wire(made, network(mode), plan, found, context or HostContext())
    return [f"{f.code} {f.line}" for f in findings]


def silenced(source: str, target: str, protocol: str, port: int, state: str = "silent") -> Change:
    def change(plan: WirePlan, _: Replies, probed: Replies, finished: Replies) -> None:
        lane = next(i for i, lane in enumerate(plan.lanes) if (lane.protocol, lane.port) == (protocol, port))
        peer = probed[source]["peers"][str(plan.number[target])]
        peer["shut"][str(lane)] = state
        own = plan.number[source]
        heard = finished[target]["heard"]
        finished[target]["heard"] = [h for h in heard if (h[0], h[1]) != (own, lane)]

    return change


def path_of(source: str, target: str, size: int, *, named: int = 0) -> Change:
    def change(plan: WirePlan, _: Replies, probed: Replies, finished: Replies) -> None:
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
def test_a_healthy_network_has_no_finding_in_any_mode(mode: str) -> None:
    assert lines(mode=mode) == []


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_has_a_datagram_to_measure_paths_by(mode: str) -> None:
    plan = plan_of(one_rack(), mode)
    for part in plan.parts.values():
        measured_to = {p for lane in plan.carriers for p in part["send"].get(plan.lanes.index(lane), ())}
        assert measured_to == set(part["peers"])


@pytest.mark.parametrize("mode", MODES)
def test_what_is_probed_is_what_the_firewall_admits(mode: str) -> None:
    lanes = {(f.lane.protocol, f.lane.port) for f in flows(one_rack(), network(mode))}
    required = {p.protocol for p in network(mode).prerequisites(one_rack()).ports} - {"icmp"}
    number = {"ipip": "4", "esp": "50"}
    assert {number.get(p, p) for p in required} <= {protocol for protocol, _ in lanes}
    assert {("tcp", 6443), ("tcp", 10250)} <= lanes


CASES: list[tuple[Change, str]] = [
    (silenced("w-1", "cp-1", "tcp", 6443),
     "lane-silent w-1 to cp-1: tcp 6443 (Kubernetes API) is dropped on the way; allow tcp 6443 (Kubernetes API)"),
    (silenced("w-1", "w-2", "tcp", 10250, "refused"),
     "lane-refused w-1 to w-2: tcp 10250 (kubelet) is refused; allow tcp 10250 (kubelet)"),
    (both(*(silenced(a, "w-2", "tcp", 10250) for a in ("cp-1", "w-1"))),
     "lane-silent to w-2 from all others: tcp 10250 (kubelet) is dropped on the way; allow tcp 10250 (kubelet)"),
    (both(path_of("w-1", "w-2", 1400, named=1400), path_of("w-2", "w-1", 1400, named=1400)),
     "path-smaller w-1 and w-2: 1400 bytes pass (192.0.2.254), and the pod MTU is 1350"),
    (both(path_of("w-1", "w-2", 1400), path_of("w-2", "w-1", 1400)),
     "path-black-hole w-1 and w-2: 1400 bytes pass, larger packets are dropped without an ICMP error; "
     "allow ICMP type 3 code 4, or set MTU 1400 on the hosts' links"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "line"), CASES)
def test_one_fault_is_one_finding(change: Change, line: str) -> None:
    # The overlay costs 50 bytes.
    assert lines(change, mode="flannel-vxlan" if "1350" in line else None) == [line]


def test_one_direction_alone_is_reported_as_such() -> None:
    found = lines(path_of("w-1", "w-2", 1400, named=1400))
    assert (
        "path-asymmetric w-1 to w-2: 1400 bytes pass, and 1500 back; compare the routers of both directions" in found[1]
    )


def test_a_stated_path_that_does_not_fit_is_refused_with_its_pair() -> None:
    change = both(path_of("w-1", "w-2", 1400, named=1400), path_of("w-2", "w-1", 1400, named=1400))
    assert lines(change, context=HostContext(stated=True)) == [
        "path-too-small w-1 and w-2: 1400 bytes pass (192.0.2.254), path_mtu is 1500; "
        "state path_mtu = 1400, leave it out, or raise the path's MTU"
    ]


def test_a_firewall_that_the_deploy_opens_stops_nothing() -> None:
    [line] = lines(silenced("w-1", "w-2", "tcp", 10250), context=HostContext(firewalled={"w-2"}))
    assert line.startswith("lane-behind-firewall w-1 to w-2: tcp 10250 (kubelet)")


def test_a_slow_disk_is_judged_by_what_etcd_needs() -> None:
    def slow(_: WirePlan, __: Replies, probed: Replies, ___: Replies) -> None:
        probed["cp-1"]["storage"] = [2.0] * 85 + [14.2] * 15

    assert lines(slow) == [
        "disk-slow cp-1: one in ten durable writes takes 14 ms or more, etcd needs 10 ms at most; "
        "put /var/lib/etcd on a faster disk"
    ]


def test_an_address_that_another_machine_has_is_reported() -> None:
    def claimed(_: WirePlan, __: Replies, probed: Replies, ___: Replies) -> None:
        probed["w-1"]["claimed"] = ["02:00:00:00:00:09"]

    [line] = lines(claimed)
    assert line.startswith("address-claimed w-1: 02:00:00:00:00:09 answers for its address, too")


def test_two_hosts_with_one_mac_address_are_reported() -> None:
    context = HostContext(
        hardware={"w-1": "02:00:00:00:00:01", "w-2": "02:00:00:00:00:01", "cp-1": "02:00:00:00:00:02"}
    )
    [line] = lines(context=context)
    assert line.startswith("hardware-duplicate w-1 and w-2: all have the MAC address 02:00:00:00:00:01")


def test_a_host_that_cannot_be_probed_keeps_no_other_from_being_judged() -> None:
    def silent(_: WirePlan, listening: Replies, probed: Replies, finished: Replies) -> None:
        listening["w-2"] = {"trouble": "python3 is not installed"}
        del probed["w-2"], finished["w-2"]

    [line] = lines(silent)
    assert line.startswith("host-unprobed w-2: python3 is not installed; install python3-minimal")


def test_tunnels_are_tested_where_the_mode_has_one_and_its_packets_pass() -> None:
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
    found = sampled_pairs(nodes)
    assert len(found) == count * (count - 1) if count <= ALL_UP_TO else len(found) < count * 20
    assert {a for a, _ in found} == {b for _, b in found} == {n.name for n in nodes}
    racks = {n.name: n.rack for n in nodes}
    assert {(racks[a], racks[b]) for a, b in found} >= {
        (r, s) for r in racks.values() for s in racks.values() if r != s
    }


def test_a_packet_is_recognised_behind_any_shape_and_only_in_its_run() -> None:
    tag = Tag(REQUEST, 3, 1, 1400)
    packet = b"\x08\0\0\0" + pack(RUN, tag) + b"\0" * 100
    assert unpack(RUN, packet) == tag
    assert unpack(b"wxyz", packet) is None
    assert unpack(RUN, packet[:20]) is None
    answer = Tag(REPLY, 3, 1, 1400, 63, bytes([192, 0, 2, 1]))
    assert unpack(RUN, pack(RUN, answer)) == answer


def test_a_packet_is_as_large_as_it_says() -> None:
    plan = plan_of(one_rack(), "flannel-vxlan").parts["w-1"]
    for lane in lanes_of(plan):
        if lane.is_datagram:
            assert len(lane.packet(RUN, Tag(REQUEST, 0, lane.number, 1500), 4)) + lane.headers(4) == 1500
            assert lane.smallest(4) <= 28 + 22 + SIZE
