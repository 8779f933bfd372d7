"""Between the second addresses of a dual-stack cluster the same is probed as far as packets travel there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.clusters import MODES, dual_stack, network, one_rack
from underlay.preflight.flows import flows, second_family
from underlay.preflight.links import HostLink
from underlay.preflight.measurements import Measurements, read_measurements
from underlay.preflight.wire_findings import judge_second
from underlay.preflight.wire_plan import WirePlan, wire_plan
from underlay.preflight.wire_result import HostContext

from .test_wire import healthy

# What is probed over IPv6, by mode: the same as over IPv4 where the mode's packets follow the pods' IP version.
DUAL = [mode for mode in MODES if 6 in network(mode).traits.families and 4 in network(mode).traits.families]


def probed(mode: str) -> tuple[WirePlan, Measurements, tuple[dict[str, Any], ...]]:
    on = second_family(dual_stack())
    assert on is not None
    links = {n.name: HostLink("eth0", 1500) for n in on.nodes}
    plan = wire_plan(on, network(mode), links, run=b"abcd", second=True)
    replies = healthy(plan)
    return plan, read_measurements(plan, *replies), replies


def lines(plan: WirePlan, measured: Measurements, mode: str) -> list[str]:
    on = second_family(dual_stack())
    assert on is not None
    found = judge_second(on, network(mode), plan, measured, HostContext())
    return [f"{f.code} {f.line}" for f in found]


def test_a_cluster_of_one_ip_version_has_no_second() -> None:
    assert second_family(one_rack()) is None
    half = dual_stack()
    assert second_family(replace(half, nodes=(replace(half.nodes[0], address_v6=None), *half.nodes[1:]))) is None


@pytest.mark.parametrize("mode", DUAL)
def test_a_healthy_second_family_has_no_finding(mode: str) -> None:
    plan, measured, _ = probed(mode)
    assert lines(plan, measured, mode) == []
    assert all(":" in part["address"] for part in plan.parts.values())
    assert all(not part["storage"] and not part["routers"] for part in plan.parts.values())
    lanes = {(f.lane.protocol, f.lane.port) for f in plan.flows}
    # Kubernetes itself uses the first addresses.
    assert not lanes & {("tcp", 6443), ("tcp", 10250), ("tcp", 2379)}
    # Paths are measured over IPv6, too.
    assert measured.path_mtu == 1500


def test_a_tunnel_is_probed_where_it_follows_the_pods() -> None:
    on = second_family(dual_stack())
    assert on is not None

    def ports(mode: str) -> set[int]:
        return {f.lane.port for f in flows(on, network(mode), second=True) if f.lane.protocol == "udp"}

    assert 8472 in ports("flannel-vxlan")
    assert 4789 in ports("calico-vxlan")
    # Cilium's tunnel is between the first addresses, whatever is inside.
    assert 8472 not in ports("cilium-vxlan")


def test_what_is_shut_over_ipv6_alone_is_told_as_such() -> None:
    plan, _, replies = probed("flannel-vxlan")
    listening, sent, finished = replies
    (vxlan,) = (n for n, lane in enumerate(plan.lanes) if (lane.protocol, lane.port) == ("udp", 8472))
    w_1 = plan.number["w-1"]
    finished["w-2"]["heard"] = [h for h in finished["w-2"]["heard"] if h[:2] != [w_1, vxlan]]
    sent["w-1"]["peers"][str(plan.number["w-2"])] |= {"shut": {str(vxlan): "silent"}, "sizes": [0, 0]}
    found = lines(plan, read_measurements(plan, listening, sent, finished), "flannel-vxlan")
    assert found == [
        "lane-silent w-1 to w-2: over IPv6: udp 8472 (flannel VXLAN) is dropped on the way; allow udp 8472 (flannel VXLAN)"
    ]
