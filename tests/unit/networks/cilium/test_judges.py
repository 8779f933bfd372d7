"""What shows that a mode of Cilium, and no other, is in effect: judged from what a host prints.

Routes and links are as iproute2 6.1.0 printed them of a host laid out like Cilium's; the agent's words are fields of
StatusResponse (Cilium v1.20.2, api/v1/models).
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
WORD, LINKS = "the agent's own word", "links of this mode and no other"
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


def word(mode: str, said: dict[str, Any], **settings: Any) -> str | None:
    return check(cilium(mode, **settings), one_rack(), WORD).judge(json.dumps(STATUS | said))


@pytest.mark.parametrize(
    ("mode", "settings", "said", "told"),
    [
        ("cilium-vxlan", {}, {}, None),
        ("cilium-vxlan", {}, NATIVE, "routing is 'Native', not 'Tunnel [vxlan]'"),
        ("cilium-geneve", {}, {}, "routing is 'Tunnel [vxlan]', not 'Tunnel [geneve]'"),
        ("cilium-direct-routing", {}, NATIVE, None),
        ("cilium-ipip", {}, {}, "routing is 'Tunnel [vxlan]', not 'Native'"),
        ("cilium-wireguard", {}, WIREGUARD, None),
        ("cilium-wireguard", {}, {}, "encryption is 'Disabled', not 'Wireguard'; WireGuard peers is 0, not 2"),
        ("cilium-vxlan", {}, WIREGUARD, "encryption is 'Wireguard', not 'Disabled'"),
        ("cilium-ipsec", {}, {"encryption": {"mode": "IPsec"}}, None),
        ("cilium-socket-lb", {}, {}, "socket LB is False, not True"),
        ("cilium-socket-lb", {},
         {"kube-proxy-replacement": {"mode": "False", "features": {"socketLB": {"enabled": True}}}}, None),
        ("cilium-egress-gateway", {}, {}, "masquerading is 'iptables', not 'BPF'; kube-proxy replaced is False, not True; socket LB is False, not True"),
        ("cilium-vxlan", {"version": "1.19"}, {}, "version is '1.20.2', not '1.19.5'"),
        ("cilium-vxlan", {}, {"cilium": {"state": "Warning", "msg": "1.20.2 (v1.20.2-x)    stale"}}, "the agent is Warning, not Ok"),
        ("cilium-vxlan", {}, {"cilium": {}}, "the agent is silent about its state, not Ok"),
    ],
)  # fmt: skip
def test_the_agent_has_to_say_what_was_asked(
    mode: str, settings: dict[str, Any], said: dict[str, Any], told: str | None
) -> None:
    assert word(mode, said, **settings) == told


def test_a_mesh_is_told_by_the_clusters_that_are_ready() -> None:
    west = {
        "name": "west",
        "id": 2,
        "addresses": ["198.51.100.1"],
        "pod_subnets": ["10.245.0.0/16"],
        "routing": "vxlan",
    }
    mesh = {"cluster_id": 1, "mesh_clusters": [west]}
    ready = {"cluster-mesh": {"clusters": [{"name": "west", "ready": True, "connected": True}]}}
    assert word("cilium-cluster-mesh", ready, **mesh) is None
    ready["cluster-mesh"]["clusters"][0]["ready"] = False
    assert word("cilium-cluster-mesh", ready, **mesh) == "clusters is [], not ['west']"


def link(name: str, *flags: str) -> dict[str, Any]:
    return {"ifindex": 4, "ifname": name, "flags": ["BROADCAST", *flags], "mtu": 1500, "link_type": "ether"}


@pytest.mark.parametrize(
    ("mode", "names", "told"),
    [
        ("cilium-vxlan", ["cilium_vxlan"], None),
        ("cilium-vxlan", [], "cilium_vxlan is missing"),
        ("cilium-vxlan", ["cilium_vxlan", "cilium_geneve"], "cilium_geneve is of another mode"),
        ("cilium-direct-routing", [], None),
        ("cilium-direct-routing", ["cilium_vxlan"], "cilium_vxlan is of another mode"),
        ("cilium-direct-routing", ["flannel.1"], "flannel.1 is of another mode"),
        ("cilium-ipip", ["cni-ipip"], None),
        ("cilium-hybrid", [], "cni-ipip is missing"),
        ("cilium-wireguard", ["cilium_vxlan", "cilium_wg0"], None),
        ("cilium-wireguard", ["cilium_vxlan"], "cilium_wg0 is missing"),
        ("cilium-vxlan", ["cilium_vxlan", "cilium_wg0"], "cilium_wg0 is of another mode"),
    ],
)
def test_links_tell_the_mode(mode: str, names: list[str], told: str | None) -> None:
    always = [link(n, "UP") for n in ("lo", "eth0", "cilium_host", "cilium_net", "lxc5a4def8d96c5")]
    shown = json.dumps([*always, *(link(n, "UP") for n in names)])
    assert check(cilium(mode), one_rack(), LINKS).judge(shown) == told


def test_a_link_that_is_down_is_told() -> None:
    assert check(cilium("cilium-vxlan"), one_rack(), LINKS).judge(json.dumps([link("cilium_vxlan")])) == (
        "cilium_vxlan is down"
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
    ("found", "told"),
    [
        ((inside(1, 1450), inside(2, 1450)), None),
        ((inside(1, 1450),), "routes into the overlay have the MTUs [1450], not [1450, 1450]"),
        ((inside(1, 1500), inside(2, 1450)), "routes into the overlay have the MTUs [1450, 1500], not [1450, 1450]"),
        ((direct(1, "192.0.2.2"), direct(2, "192.0.2.3")), "routes into the overlay have the MTUs [], not [1450, 1450]"),
    ],
)  # fmt: skip
def test_an_overlay_has_a_route_to_each_node_that_carries_the_mtu(
    found: tuple[dict[str, Any], ...], told: str | None
) -> None:
    assert routes("cilium-vxlan", one_rack(), *found) == told


def test_the_mtu_on_routes_is_less_by_encryption_too() -> None:
    assert routes("cilium-wireguard", one_rack(), inside(1, 1355), inside(2, 1355)) is None


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ((direct(1, "192.0.2.2"), direct(2, "192.0.2.3")), None),
        ((direct(1, "192.0.2.2"),), "pods' routes lead to 192.0.2.2, not 192.0.2.2, 192.0.2.3"),
        ((), "pods' routes lead to nobody, not 192.0.2.2, 192.0.2.3"),
        ((direct(1, "192.0.2.2"), direct(2, "192.0.2.254")),
         "pods' routes lead to 192.0.2.2, 192.0.2.254, not 192.0.2.2, 192.0.2.3"),
    ],
)  # fmt: skip
def test_plain_routes_lead_to_every_other_node(found: tuple[dict[str, Any], ...], told: str | None) -> None:
    assert routes("cilium-direct-routing", one_rack(), *found) == told


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ((direct(1, "192.0.2.254", protocol="bgp"), direct(2, "192.0.2.254", protocol="bgp")), None),
        ((direct(1, "192.0.2.254", protocol="bgp"),), "1 pods' routes by BGP, not 2"),
        ((direct(1, "192.0.2.2"), direct(2, "192.0.2.254", protocol="bgp")),
         "pods' routes of another hand: 10.244.1.0/24 proto kernel"),
    ],
)  # fmt: skip
def test_routes_by_bgp_are_all_there_are(found: tuple[dict[str, Any], ...], told: str | None) -> None:
    assert routes("cilium-direct-routing", cluster(bgp=with_bgp(), routes=Routes.BGP), *found) == told


@pytest.mark.parametrize(
    ("mode", "found", "told"),
    [
        ("cilium-ipip", (direct(1, "192.0.2.2", "cni-ipip", "118"), direct(2, "192.0.2.3", "cni-ipip", "118")), None),
        ("cilium-ipip", (direct(1, "192.0.2.2"), direct(2, "192.0.2.3", "cni-ipip", "118")),
         "pods' routes lead to 192.0.2.2, 192.0.2.3 over cni-ipip, not 192.0.2.2 over cni-ipip, 192.0.2.3 over cni-ipip"),
        ("cilium-hybrid", (direct(1, "192.0.2.2"), direct(2, "192.0.2.3", "cni-ipip", "118")), None),
        ("cilium-hybrid", (direct(1, "192.0.2.2"), direct(2, "192.0.2.3")),
         "pods' routes lead to 192.0.2.2, 192.0.2.3, not 192.0.2.2, 192.0.2.3 over cni-ipip"),
        ("cilium-bgp", (direct(1, "192.0.2.2"),), None),
        ("cilium-bgp", (direct(1, "192.0.2.2"), direct(2, "192.0.2.3")),
         "pods' routes lead to 192.0.2.2, 192.0.2.3, not 192.0.2.2"),
    ],
)  # fmt: skip
def test_across_racks_routes_tell_the_mode(mode: str, found: tuple[dict[str, Any], ...], told: str | None) -> None:
    assert routes(mode, RACKS, *found) == told


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("\t SAD count 4\n", None),
        ("\t SAD count 8\n", None),
        ("\t SAD count 2\n", "2 IPsec states, fewer than 4"),
        ("", "ip xfrm state count says ''"),
    ],
)
def test_ipsec_has_states_for_every_other_node(output: str, told: str | None) -> None:
    assert check(cilium("cilium-ipsec"), one_rack(), STATES).judge(output) == told


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
def test_static_routes_of_ours_lead_where_cilium_lays_none(mode: str) -> None:
    made = cilium(mode)
    peers = [n.name for n in made.routed_peers(RACKS, RACKS.node("cp-1"))]
    assert (made.uses_host_tunnels, peers) == {
        "cilium-ipip": (True, ["w-1", "w-2"]),
        "cilium-hybrid": (True, ["w-2"]),
    }.get(mode, (False, ["w-1", "w-2"]))


def test_what_is_left_on_a_host_is_told_with_what_has_to_go_first() -> None:
    traces = cilium("cilium-ipsec").traces()
    assert traces.mounts == ("/run/cilium/cgroupv2",)
    assert "/run/cilium" in traces.files
    assert traces.xfrm
    assert not cilium("cilium-vxlan").traces().xfrm
    assert cilium("cilium-ipip").traces().links == ("cilium_*", "lxc*", "cni-ipip")
