"""What is specific to calico-vxlan, and what all modes share, tested with it."""

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


def test_the_link_is_as_declared_and_there_is_no_other() -> None:
    assert links(MODE, vxlan(), IDLE_TUNL0) is None


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ((), "missing vxlan.calico"),
        ((vxlan(mtu=1400),), "vxlan.calico: mtu 1400, expected 1450"),
        ((vxlan(data={"port": 8472}),), "vxlan.calico: port 8472, expected 4789"),
        ((vxlan(data={"id": 1}),), "vxlan.calico: vni 1, expected 4096"),
        ((vxlan(flags=["BROADCAST"]),), "vxlan.calico: state down, expected up"),
        ((vxlan(), TUNL0), "tunl0: unexpected address"),
        ((vxlan(), WIREGUARD), "unexpected wireguard.cali"),
    ],
)
def test_links_that_differ_are_reported(found: tuple[dict[str, Any], ...], expected: str) -> None:
    assert links(MODE, *found) == expected


def test_every_other_node_is_reached_through_the_overlay() -> None:
    found = [through("vxlan.calico", 2), through("vxlan.calico", 3)]
    assert routes(MODE, *found) is None
    # A second block of a node, and an address it borrowed, have the same gateway.
    assert routes(MODE, *found, through("vxlan.calico", 4, "10.244.3.0")) is None


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ((through("vxlan.calico", 2),), "pod routes through vxlan.calico lead to 1 nodes, expected 2"),
        ((plain(2, "192.0.2.2"), through("vxlan.calico", 3)),
         "unexpected pod routes: 10.244.2.0/26 via 192.0.2.2"),
        ((through("tunl0", 2, "192.0.2.2"), through("vxlan.calico", 3)),
         "unexpected pod routes: 10.244.2.0/26 via 192.0.2.2"),
    ],
)  # fmt: skip
def test_routes_that_bypass_the_overlay_are_reported(found: tuple[dict[str, Any], ...], expected: str) -> None:
    assert routes(MODE, *found) == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ((plain(2, "192.0.2.2", protocol="80"), through("vxlan.calico", 3)), None),
        ((through("vxlan.calico", 2), through("vxlan.calico", 3)), "gateways of direct pod routes: missing 192.0.2.2"),
        ((plain(2, "192.0.2.2"), plain(3, "192.0.2.3")),
         "unexpected pod routes: 10.244.3.0/26 via 192.0.2.3"),
        ((plain(2, "192.0.2.2"),), "pod routes through vxlan.calico lead to 0 nodes, expected 1"),
    ],
)  # fmt: skip
def test_cross_subnet_bypasses_the_overlay_inside_a_rack_only(
    found: tuple[dict[str, Any], ...], expected: str | None
) -> None:
    assert routes(MODE, *found, on=cluster(), cross_subnet=True) == expected


def test_the_overlay_knows_the_other_nodes_and_nobody_else() -> None:
    judge = check("the overlay's neighbours", MODE).judge
    entries = [{"mac": f"66:00:00:00:00:0{n}", "dst": f"192.0.2.{n}", "flags": ["self"]} for n in (2, 3)]
    assert judge(json.dumps(entries)) is None
    assert judge(json.dumps(entries[:1])) == "forwarding entries of vxlan.calico: missing 192.0.2.3"


# On a host after `helm uninstall` of v3.32.1, below /opt/cni/bin, /run and /var/lib.
LEFT = """\
/etc/cni/net.d/10-calico.conflist
/opt/cni/bin/calico /opt/cni/bin/calico-ipam /opt/cni/bin/flannel /opt/cni/bin/host-local /opt/cni/bin/loopback
/opt/cni/bin/portmap /opt/cni/bin/tuning
/run/calico /run/nodeagent /var/lib/calico /var/lib/cni/results /var/log/calico
"""


def test_the_traces_are_what_was_left_on_a_host() -> None:
    assert set(LEFT.split()) <= set(network(MODE).traces().files)


def test_its_image_brings_no_bandwidth_plugin() -> None:
    assert network(MODE).own_plugins == ("host-local", "loopback", "portmap")


def test_no_bird_runs() -> None:
    judge = check("no BGP", MODE).judge
    assert judge("") is None
    assert judge("17\n18\n") == "BIRD runs, which this mode does not use (pid 17, 18)"


def test_the_pool_is_as_declared() -> None:
    judge = check("the address pools", MODE).judge
    spec = {"cidr": "10.244.0.0/16", "vxlanMode": "Always", "ipipMode": "Never", "natOutgoing": True}

    def pools(*specs: dict[str, Any]) -> str:
        return json.dumps({"items": [{"spec": s} for s in specs]})

    assert judge(pools(spec)) is None
    assert judge(pools(spec, {"cidr": "10.9.0.0/24", "assignmentMode": "Manual"})) is None
    assert judge(pools()) == "no pool has 10.244.0.0/16 (pools: none)"
    assert judge(pools(spec | {"vxlanMode": "CrossSubnet"})) == (
        "pool 10.244.0.0/16: vxlanMode CrossSubnet, expected Always"
    )
    assert judge(pools(spec, {"cidr": "10.9.0.0/16"})) == "unexpected pools: 10.9.0.0/16"


def test_the_operator_has_to_be_available() -> None:
    judge = check("the operator is Available", MODE).judge

    def status(**conditions: str) -> str:
        found = [{"type": kind, "status": value, "message": "no images"} for kind, value in conditions.items()]
        return json.dumps({"status": {"conditions": found}})

    assert judge(status(Available="True", Degraded="False")) is None
    assert judge(status(Available="False")) == "the operator is not Available"
    assert judge(status(Available="True", Degraded="True")) == "the operator is Degraded: no images"
    assert judge("{}") == "the operator is not Available"


def test_felix_has_the_declared_fields_and_may_have_others() -> None:
    judge = check("Felix's configuration", MODE).judge
    spec = {"vxlanPort": 4789, "vxlanVNI": 4096, "healthPort": 9099}
    assert judge(json.dumps({"spec": spec})) is None
    assert judge(json.dumps({"spec": spec | {"vxlanPort": 1}})) == "vxlanPort 1, expected 4789"


@pytest.mark.parametrize(
    ("proxy", "plane", "output", "expected"),
    [
        ("nftables", "auto", "table ip kube-proxy\ntable ip calico\n", None),
        ("nftables", "auto", "table ip kube-proxy\n",
         "no rules or links of Felix's data plane nftables (table ip kube-proxy)"),
        ("iptables", "auto", "41\n", None),
        ("iptables", "auto", "0\n", "no rules or links of Felix's data plane iptables (0)"),
        ("nftables", "ebpf", "bpfin.cali\nbpfout.cali\n", None),
        ("nftables", "ebpf", "", "no rules or links of Felix's data plane ebpf (none)"),
    ],
)  # fmt: skip
def test_the_data_plane_is_the_configured_one(proxy: str, plane: str, output: str, expected: str | None) -> None:
    on = one_rack(kube_proxy={"mode": proxy})
    assert check("the data plane", MODE, on=on, data_plane=plane).judge(output) == expected


def test_the_pod_mtu_follows_the_larger_header() -> None:
    assert network(MODE).pod_mtu(one_rack()) == 1450
    assert network(MODE).pod_mtu(dual_stack()) == 1430
    assert network(MODE, encryption="wireguard").pod_mtu(one_rack()) == 1440
    assert network(MODE, encryption="wireguard").pod_mtu(dual_stack()) == 1420


def test_requires_its_module_and_its_ports() -> None:
    needs = network(MODE, port=8472).prerequisites(one_rack())
    assert KernelModule("vxlan") in needs.resources
    assert needs.ports == (Port("udp", 8472, "Calico VXLAN"), Port("tcp", 5473, "Calico Typha"))


def test_what_a_capture_shows_follows_the_rack() -> None:
    racks = cluster()
    made = network(MODE, cross_subnet=True)
    same_rack = made.wire(racks, racks.node("cp-1"), racks.node("w-1"))
    across = made.wire(racks, racks.node("cp-1"), racks.node("w-2"))
    assert same_rack is not None
    assert across is not None
    assert same_rack.shows == "net 10.244.0.0/16"
    assert same_rack.never.startswith("udp port 4789")
    assert (across.shows, across.never) == ("udp port 4789", "net 10.244.0.0/16")
