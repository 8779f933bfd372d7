"""What only calico-vxlan does, and what the modes share that is shown on it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.clusters import cluster, dual_stack, network, one_rack
from underlay.model.prerequisites import Port
from underlay.resources.kernel_module import KernelModule

from .samples import IDLE_TUNL0, TUNL0, VXLAN, WIREGUARD, check, links, plain, routes, through

MODE = "calico-vxlan"


def vxlan(**changes: Any) -> dict[str, Any]:
    data = VXLAN["linkinfo"]["info_data"] | changes.pop("data", {})
    return VXLAN | changes | {"linkinfo": {"info_kind": "vxlan", "info_data": data}}


def test_the_link_is_as_declared_and_no_other_is_there() -> None:
    assert links(MODE, vxlan(), IDLE_TUNL0) is None


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ((), "vxlan.calico is missing"),
        ((vxlan(mtu=1400),), "vxlan.calico has MTU 1400, and pods have 1450"),
        ((vxlan(data={"port": 8472}),), "vxlan.calico has port 8472, not 4789"),
        ((vxlan(data={"id": 1}),), "vxlan.calico has id 1, not 4096"),
        ((vxlan(flags=["BROADCAST"]),), "vxlan.calico is down"),
        ((vxlan(), TUNL0), "tunl0 of another mode has an address"),
        ((vxlan(), WIREGUARD), "wireguard.cali of another mode is there"),
    ],
)
def test_links_that_are_not_as_declared_are_told(found: tuple[dict[str, Any], ...], told: str) -> None:
    assert links(MODE, *found) == told


def test_every_other_node_is_reached_through_the_overlay() -> None:
    ways = [through("vxlan.calico", 2), through("vxlan.calico", 3)]
    assert routes(MODE, *ways) is None
    # A second block of a node, and an address it borrowed, lead to the same place.
    assert routes(MODE, *ways, through("vxlan.calico", 4, "10.244.3.0")) is None


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ((through("vxlan.calico", 2),), "pod routes lead to 1 nodes through vxlan.calico, not 2"),
        ((plain(2, "192.0.2.2"), through("vxlan.calico", 3)),
         "pod routes lead past the mode: 10.244.2.0/26 via 192.0.2.2"),
        ((through("tunl0", 2, "192.0.2.2"), through("vxlan.calico", 3)),
         "pod routes lead past the mode: 10.244.2.0/26 via 192.0.2.2"),
    ],
)  # fmt: skip
def test_routes_through_the_wrong_place_are_told(found: tuple[dict[str, Any], ...], told: str) -> None:
    assert routes(MODE, *found) == told


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ((plain(2, "192.0.2.2", protocol="80"), through("vxlan.calico", 3)), None),
        ((through("vxlan.calico", 2), through("vxlan.calico", 3)), "no pod route leads through 192.0.2.2"),
        ((plain(2, "192.0.2.2"), plain(3, "192.0.2.3")),
         "pod routes lead past the mode: 10.244.3.0/26 via 192.0.2.3"),
        ((plain(2, "192.0.2.2"),), "pod routes lead to 0 nodes through vxlan.calico, not 1"),
    ],
)  # fmt: skip
def test_cross_subnet_leaves_the_overlay_out_inside_a_rack_only(
    found: tuple[dict[str, Any], ...], told: str | None
) -> None:
    assert routes(MODE, *found, on=cluster(), cross_subnet=True) == told


def test_the_overlay_knows_the_other_nodes_and_nobody_else() -> None:
    judge = check("the overlay's neighbours", MODE).judge
    entries = [{"mac": f"66:00:00:00:00:0{n}", "dst": f"192.0.2.{n}", "flags": ["self"]} for n in (2, 3)]
    assert judge(json.dumps(entries)) is None
    assert (
        judge(json.dumps(entries[:1])) == "vxlan.calico knows the nodes ['192.0.2.2'], not ['192.0.2.2', '192.0.2.3']"
    )


def test_no_bird_runs() -> None:
    judge = check("no BGP", MODE).judge
    assert judge("") is None
    assert judge("17\n18\n") == "BIRD runs (pid 17, 18), and this mode has none"


def test_the_pool_is_as_declared() -> None:
    judge = check("the address pools", MODE).judge
    spec = {"cidr": "10.244.0.0/16", "vxlanMode": "Always", "ipipMode": "Never", "natOutgoing": True}

    def pools(*specs: dict[str, Any]) -> str:
        return json.dumps({"items": [{"spec": s} for s in specs]})

    assert judge(pools(spec)) is None
    assert judge(pools(spec, {"cidr": "10.9.0.0/24", "assignmentMode": "Manual"})) is None
    assert judge(pools()) == "no pool has 10.244.0.0/16; there are none"
    assert judge(pools(spec | {"vxlanMode": "CrossSubnet"})) == (
        "the pool 10.244.0.0/16 has {'ipipMode': 'Never', 'vxlanMode': 'CrossSubnet', 'natOutgoing': True}, not "
        "{'ipipMode': 'Never', 'vxlanMode': 'Always', 'natOutgoing': True}"
    )
    assert judge(pools(spec, {"cidr": "10.9.0.0/16"})) == "pods have addresses of 10.9.0.0/16 too"


def test_the_operators_own_word_is_heard() -> None:
    judge = check("the operator is content", MODE).judge

    def status(**conditions: str) -> str:
        found = [{"type": kind, "status": value, "message": "no images"} for kind, value in conditions.items()]
        return json.dumps({"status": {"conditions": found}})

    assert judge(status(Available="True", Degraded="False")) is None
    assert judge(status(Available="False")) == "it is not available yet"
    assert judge(status(Available="True", Degraded="True")) == "degraded: no images"
    assert judge("{}") == "it is not available yet"


def test_felix_is_configured_as_declared_whatever_else_it_is() -> None:
    judge = check("Felix's configuration", MODE).judge
    spec = {"vxlanPort": 4789, "vxlanVNI": 4096, "healthPort": 9099}
    assert judge(json.dumps({"spec": spec})) is None
    assert judge(json.dumps({"spec": spec | {"vxlanPort": 1}})) == "vxlanPort is 1, not 4789"


@pytest.mark.parametrize(
    ("proxy", "plane", "output", "told"),
    [
        ("nftables", "auto", "table ip kube-proxy\ntable ip calico\n", None),
        ("nftables", "auto", "table ip kube-proxy\n",
         "nothing of Felix's nftables data plane is here: table ip kube-proxy"),
        ("iptables", "auto", "41\n", None),
        ("iptables", "auto", "0\n", "nothing of Felix's iptables data plane is here: 0"),
        ("nftables", "ebpf", "bpfin.cali\nbpfout.cali\n", None),
        ("nftables", "ebpf", "", "nothing of Felix's ebpf data plane is here: no answer"),
    ],
)  # fmt: skip
def test_the_data_plane_is_the_one_asked_for(proxy: str, plane: str, output: str, told: str | None) -> None:
    on = one_rack(kube_proxy={"mode": proxy})
    assert check("the data plane", MODE, on=on, data_plane=plane).judge(output) == told


def test_pods_get_what_the_larger_family_leaves() -> None:
    assert network(MODE).pod_mtu(one_rack()) == 1450
    assert network(MODE).pod_mtu(dual_stack()) == 1430
    assert network(MODE, encryption="wireguard").pod_mtu(one_rack()) == 1440
    assert network(MODE, encryption="wireguard").pod_mtu(dual_stack()) == 1420


def test_asks_for_its_module_and_its_ports() -> None:
    needs = network(MODE, port=8472).prerequisites(one_rack())
    assert KernelModule("vxlan") in needs.resources
    assert needs.ports == (Port("udp", 8472, "Calico VXLAN"), Port("tcp", 5473, "Calico Typha"))


def test_what_a_capture_shows_follows_the_rack() -> None:
    racks = cluster()
    made = network(MODE, cross_subnet=True)
    beside = made.wire(racks, racks.node("cp-1"), racks.node("w-1"))
    across = made.wire(racks, racks.node("cp-1"), racks.node("w-2"))
    assert beside is not None
    assert across is not None
    assert beside.shows == "net 10.244.0.0/16"
    assert beside.never.startswith("udp port 4789")
    assert (across.shows, across.never) == ("udp port 4789", "net 10.244.0.0/16")
