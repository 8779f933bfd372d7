"""Checks that a mode of Cilium, and no other, is in effect: verdicts on what a host prints.

Routes and links are as iproute2 6.1.0 printed them on a host set up as Cilium does; the agent's status has the fields
of StatusResponse (Cilium v1.20.2, api/v1/models).
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.clusters import cluster, one_rack, with_bgp
from underlay.model.cluster import Cluster
from underlay.model.routes import Routes

from .samples import MODES, check, cilium

RACKS = cluster(bgp=with_bgp())
AGENT, LINKS = "the agent's status", "links of this mode and no other"
ROUTES, STATES = "routes to the pods of other nodes", "IPsec states for every other node"

STATUS: dict[str, Any] = {
    "cilium": {"state": "Ok", "msg": "1.20.2 (v1.20.2-0c8f2b8b)    OK"},
    "routing": {"inter-host-routing-mode": "Tunnel", "intra-host-routing-mode": "Legacy", "tunnel-protocol": "vxlan"},
    "masquerading": {"enabled": True, "enabledProtocols": {"ipv4": True}, "mode": "iptables"},
    "kube-proxy-replacement": {"mode": "False", "features": {"socketLB": {}}},
    "encryption": {"mode": "Disabled"},
}
NATIVE = {"routing": {"inter-host-routing-mode": "Native", "intra-host-routing-mode": "Legacy"}}
WIREGUARD = {
    "encryption": {
        "mode": "Wireguard",
        "wireguard": {"interfaces": [{"name": "cilium_wg0", "listen-port": 51871, "peer-count": 2, "peers": []}]},
    }
}


def status(mode: str, changes: dict[str, Any], **settings: Any) -> str | None:
    return check(cilium(mode, **settings), one_rack(), AGENT).judge(json.dumps(STATUS | changes))


@pytest.mark.parametrize(
    ("mode", "settings", "changes", "expected"),
    [
        ("cilium-vxlan", {}, {}, None),
        ("cilium-vxlan", {}, NATIVE, "routing Native, expected Tunnel [vxlan]"),
        ("cilium-geneve", {}, {}, "routing Tunnel [vxlan], expected Tunnel [geneve]"),
        ("cilium-direct-routing", {}, NATIVE, None),
        ("cilium-ipip", {}, {}, "routing Tunnel [vxlan], expected Native"),
        ("cilium-wireguard", {}, WIREGUARD, None),
        ("cilium-wireguard", {}, {}, "encryption Disabled, expected Wireguard; WireGuard peers 0, expected 2"),
        ("cilium-vxlan", {}, WIREGUARD, "encryption Wireguard, expected Disabled"),
        ("cilium-ipsec", {}, {"encryption": {"mode": "IPsec"}}, None),
        ("cilium-socket-lb", {}, {}, "socket LB off, expected on"),
        ("cilium-socket-lb", {},
         {"kube-proxy-replacement": {"mode": "False", "features": {"socketLB": {"enabled": True}}}}, None),
        ("cilium-egress-gateway", {}, {}, "masquerading iptables, expected BPF; kube-proxy replaced off, expected on; socket LB off, expected on"),
        ("cilium-vxlan", {"version": "1.19"}, {}, "version 1.20.2, expected 1.19.5"),
        ("cilium-vxlan", {}, {"cilium": {"state": "Warning", "msg": "1.20.2 (v1.20.2-x)    stale"}}, "state Warning, expected Ok"),
        ("cilium-vxlan", {}, {"cilium": {}}, "state none, expected Ok"),
    ],
)  # fmt: skip
def test_the_agent_has_to_report_the_modes_settings(
    mode: str, settings: dict[str, Any], changes: dict[str, Any], expected: str | None
) -> None:
    assert status(mode, changes, **settings) == expected


def test_every_cluster_of_the_mesh_has_to_be_ready() -> None:
    west = {
        "name": "west",
        "id": 2,
        "addresses": ["198.51.100.1"],
        "pod_subnets": ["10.245.0.0/16"],
        "routing": "vxlan",
    }
    mesh = {"cluster_id": 1, "mesh_clusters": [west]}
    ready = {"cluster-mesh": {"clusters": [{"name": "west", "ready": True, "connected": True}]}}
    assert status("cilium-cluster-mesh", ready, **mesh) is None
    ready["cluster-mesh"]["clusters"][0]["ready"] = False
    assert status("cilium-cluster-mesh", ready, **mesh) == "clusters none, expected west"


def link(name: str, *flags: str) -> dict[str, Any]:
    return {"ifindex": 4, "ifname": name, "flags": ["BROADCAST", *flags], "mtu": 1500, "link_type": "ether"}


@pytest.mark.parametrize(
    ("mode", "names", "expected"),
    [
        ("cilium-vxlan", ["cilium_vxlan"], None),
        ("cilium-vxlan", [], "missing cilium_vxlan"),
        ("cilium-vxlan", ["cilium_vxlan", "cilium_geneve"], "unexpected cilium_geneve"),
        ("cilium-direct-routing", [], None),
        ("cilium-direct-routing", ["cilium_vxlan"], "unexpected cilium_vxlan"),
        ("cilium-direct-routing", ["flannel.1"], "unexpected flannel.1"),
        ("cilium-ipip", ["cni-ipip"], None),
        ("cilium-hybrid", [], "missing cni-ipip"),
        ("cilium-wireguard", ["cilium_vxlan", "cilium_wg0"], None),
        ("cilium-wireguard", ["cilium_vxlan"], "missing cilium_wg0"),
        ("cilium-vxlan", ["cilium_vxlan", "cilium_wg0"], "unexpected cilium_wg0"),
    ],
)
def test_links_identify_the_mode(mode: str, names: list[str], expected: str | None) -> None:
    always = [link(n, "UP") for n in ("lo", "eth0", "cilium_host", "cilium_net", "lxc5a4def8d96c5")]
    shown = json.dumps([*always, *(link(n, "UP") for n in names)])
    assert check(cilium(mode), one_rack(), LINKS).judge(shown) == expected


def test_a_link_that_is_down_is_reported() -> None:
    assert check(cilium("cilium-vxlan"), one_rack(), LINKS).judge(json.dumps([link("cilium_vxlan")])) == (
        "down cilium_vxlan"
    )


OWN = [
    {"dst": "default", "gateway": "192.0.2.254", "dev": "eth0", "flags": []},
    {"dst": "10.244.0.0/24", "gateway": "10.244.0.77", "dev": "cilium_host", "protocol": "kernel", "flags": []},
    {"dst": "10.244.0.77", "dev": "cilium_host", "protocol": "kernel", "scope": "link", "flags": []},
    {"type": "blackhole", "dst": "10.244.0.0/24", "protocol": "117", "metric": 4096, "flags": []},
    {"dst": "10.244.0.9", "dev": "lxc5a4def8d96c5", "protocol": "kernel", "scope": "link", "flags": []},
    {"dst": "192.0.2.0/24", "dev": "eth0", "protocol": "kernel", "scope": "link", "prefsrc": "192.0.2.1", "flags": []},
]


def direct(number: int, gateway: str, dev: str = "eth0", protocol: str = "kernel") -> dict[str, Any]:
    return {"dst": f"10.244.{number}.0/24", "gateway": gateway, "dev": dev, "protocol": protocol, "flags": []}


def inside(number: int, mtu: int) -> dict[str, Any]:
    return direct(number, "10.244.0.77", "cilium_host") | {"metrics": [{"mtu": mtu}]}


def routes(mode: str, on: Cluster, *found: dict[str, Any], **settings: Any) -> str | None:
    return check(cilium(mode, **settings), on, ROUTES).judge(json.dumps([*OWN, *found]))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ((inside(1, 1450), inside(2, 1450)), None),
        ((inside(1, 1450),), "routes into the overlay: MTUs 1450, expected 1450, 1450"),
        ((inside(1, 1500), inside(2, 1450)), "routes into the overlay: MTUs 1450, 1500, expected 1450, 1450"),
        ((direct(1, "192.0.2.2"), direct(2, "192.0.2.3")), "routes into the overlay: MTUs none, expected 1450, 1450"),
    ],
)  # fmt: skip
def test_an_overlay_has_a_route_to_each_node_that_carries_the_mtu(
    found: tuple[dict[str, Any], ...], expected: str | None
) -> None:
    assert routes("cilium-vxlan", one_rack(), *found) == expected


def test_the_mtu_on_routes_is_less_by_encryption_too() -> None:
    assert routes("cilium-wireguard", one_rack(), inside(1, 1355), inside(2, 1355)) is None


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ((direct(1, "192.0.2.2"), direct(2, "192.0.2.3")), None),
        ((direct(1, "192.0.2.2"),), "gateways of pod routes: missing 192.0.2.3"),
        ((), "gateways of pod routes: missing 192.0.2.2, 192.0.2.3"),
        ((direct(1, "192.0.2.2"), direct(2, "192.0.2.254")),
         "gateways of pod routes: missing 192.0.2.3; unexpected 192.0.2.254"),
    ],
)  # fmt: skip
def test_plain_routes_lead_to_every_other_node(found: tuple[dict[str, Any], ...], expected: str | None) -> None:
    assert routes("cilium-direct-routing", one_rack(), *found) == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ((direct(1, "192.0.2.254", protocol="bgp"), direct(2, "192.0.2.254", protocol="bgp")), None),
        ((direct(1, "192.0.2.254", protocol="bgp"),), "1 pod routes by BGP, expected 2"),
        ((direct(1, "192.0.2.2"), direct(2, "192.0.2.254", protocol="bgp")),
         "pod routes by another protocol: 10.244.1.0/24 proto kernel"),
    ],
)  # fmt: skip
def test_all_pod_routes_are_learned_by_bgp(found: tuple[dict[str, Any], ...], expected: str | None) -> None:
    assert routes("cilium-direct-routing", cluster(bgp=with_bgp(), routes=Routes.BGP), *found) == expected


@pytest.mark.parametrize(
    ("mode", "found", "expected"),
    [
        ("cilium-ipip", (direct(1, "192.0.2.2", "cni-ipip", "118"), direct(2, "192.0.2.3", "cni-ipip", "118")), None),
        ("cilium-ipip", (direct(1, "192.0.2.2"), direct(2, "192.0.2.3", "cni-ipip", "118")),
         "gateways of pod routes: missing 192.0.2.2 through cni-ipip; unexpected 192.0.2.2"),
        ("cilium-hybrid", (direct(1, "192.0.2.2"), direct(2, "192.0.2.3", "cni-ipip", "118")), None),
        ("cilium-hybrid", (direct(1, "192.0.2.2"), direct(2, "192.0.2.3")),
         "gateways of pod routes: missing 192.0.2.3 through cni-ipip; unexpected 192.0.2.3"),
        ("cilium-bgp", (direct(1, "192.0.2.2"),), None),
        ("cilium-bgp", (direct(1, "192.0.2.2"), direct(2, "192.0.2.3")),
         "gateways of pod routes: unexpected 192.0.2.3"),
    ],
)  # fmt: skip
def test_routes_across_racks_identify_the_mode(
    mode: str, found: tuple[dict[str, Any], ...], expected: str | None
) -> None:
    assert routes(mode, RACKS, *found) == expected


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("\t SAD count 4\n", None),
        ("\t SAD count 8\n", None),
        ("\t SAD count 2\n", "2 IPsec states, expected 4 or more"),
        ("", "ip xfrm state count printed no SAD count (none)"),
    ],
)
def test_ipsec_has_states_for_every_other_node(output: str, expected: str | None) -> None:
    assert check(cilium("cilium-ipsec"), one_rack(), STATES).judge(output) == expected


PODS = "net 10.244.0.0/16"
OTHERS = "udp port 8472 or udp port 4789 or udp port 6081 or udp port 51871 or ip proto 4 or esp"


@pytest.mark.parametrize(
    ("mode", "settings", "other", "shows", "never", "never_sent"),
    [
        ("cilium-vxlan", {}, "w-2", "udp port 8472", PODS, ""),
        ("cilium-geneve", {"tunnel_port": 9999}, "w-2", "udp port 9999", PODS, ""),
        ("cilium-bgp", {}, "w-2", PODS, OTHERS, ""),
        ("cilium-ipip", {}, "w-1", "ip proto 4", PODS, ""),
        ("cilium-hybrid", {}, "w-1", PODS, OTHERS, ""),
        ("cilium-hybrid", {}, "w-2", "ip proto 4", PODS, ""),
        ("cilium-wireguard", {}, "w-2", "udp port 51871", f"{PODS} or udp port 8472", ""),
        ("cilium-wireguard", {"routing": "native"}, "w-1", "udp port 51871", PODS, ""),
        ("cilium-ipsec", {}, "w-2", "esp", "", f"{PODS} or udp port 8472"),
    ],
)
def test_a_capture_shows_this_mode_and_no_other(
    mode: str, settings: dict[str, Any], other: str, shows: str, never: str, never_sent: str
) -> None:
    wire = cilium(mode, **settings).wire(RACKS, RACKS.node("cp-1"), RACKS.node(other))
    assert wire is not None
    assert (wire.shows, wire.never, wire.never_sent) == (shows, never, never_sent)


@pytest.mark.parametrize("mode", MODES)
def test_static_routes_lead_to_nodes_that_cilium_has_no_routes_to(mode: str) -> None:
    made = cilium(mode)
    peers = [n.name for n in made.routed_peers(RACKS, RACKS.node("cp-1"))]
    assert (made.uses_host_tunnels, peers) == {
        "cilium-ipip": (True, ["w-1", "w-2"]),
        "cilium-hybrid": (True, ["w-2"]),
    }.get(mode, (False, ["w-1", "w-2"]))


def test_what_is_left_on_a_host_includes_mounts_and_xfrm_state() -> None:
    traces = cilium("cilium-ipsec").traces()
    assert traces.mounts == ("/run/cilium/cgroupv2",)
    assert "/run/cilium" in traces.files
    assert traces.xfrm
    assert not cilium("cilium-vxlan").traces().xfrm
    assert cilium("cilium-ipip").traces().links == ("cilium_*", "lxc*", "cni-ipip")
