"""Conflicting settings are refused before any host is contacted, with the reason and the remedy."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from tests.unit.clusters import cluster, dual_stack, groups, hosts, one_rack, with_bgp
from tests.unit.inventory.spec_problems import problems_of
from underlay.model.cluster import Cluster
from underlay.model.routes import Routes

from .samples import KEY, MODES, POLICY, cilium

ALL = {"kube_proxy_replacement": True, "bpf_masquerade": True, "egress_gateway": True}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"kube_proxy_replacement": True, "socket_lb": False},
         "network.socket_lb: kube_proxy_replacement serves Services at the socket and needs socket LB; remove socket_lb"),
        ({"socket_lb_host_only": True},
         "network.socket_lb_host_only: applies to socket LB, which is off; set socket_lb, or remove it"),
        ({"bpf_masquerade": True},
         "network.bpf_masquerade: requires Cilium's own NodePorts; set kube_proxy_replacement too, or remove it"),
        ({"encryption": "ipsec"}, "network.ipsec_key: is missing; generate one with `openssl rand -hex 20`"),
        ({"ipsec_key": KEY}, 'network.ipsec_key: applies to IPsec, which is off; set encryption = "ipsec", or remove it'),
        ({"encryption": "wireguard", "ipsec_key": KEY},
         'network.ipsec_key: applies to IPsec, which is off; set encryption = "ipsec", or remove it'),
        ({"node_encryption": True},
         'network.node_encryption: requires WireGuard; set encryption = "wireguard", or remove it'),
        ({"encryption": "ipsec", "ipsec_key": KEY, "strict_encryption": True},
         'network.strict_encryption: requires WireGuard; set encryption = "wireguard", or remove it'),
        ({"encryption": "wireguard", "strict_encryption": True, "version": "1.19"},
         'network.strict_encryption: is supported since Cilium 1.20, where its chart keys changed; use version = "1.20"'),
        ({"egress_gateway": True},
         "network.egress_gateway: requires kube_proxy_replacement and bpf_masquerade, which translate for it; set both"),
        ({"egress_gateway": True, "kube_proxy_replacement": True},
         "network.egress_gateway: requires kube_proxy_replacement and bpf_masquerade, which translate for it; set both"),
        ({**ALL, "values": {"ciliumEndpointSlice": {"enabled": True}}},
         "network.egress_gateway: the agent refuses it together with CiliumEndpointSlice; remove ciliumEndpointSlice from values"),
        ({**ALL, "values": {"identityAllocationMode": "kvstore"}},
         "network.egress_gateway: the agent refuses it with identities in a kvstore; remove identityAllocationMode from values"),
        ({"egress_policies": [{**POLICY, "address": None}]},
         "network.egress_policies: apply to the egress gateway, which is off; set egress_gateway, or use cilium-egress-gateway"),
        ({"encryption": "wireguard", "tunnel_port": 51871},
         "network.tunnel_port: WireGuard uses the same port (it is 51871); choose another, or remove it"),
        ({"tunnel_port": 30001},
         "network.tunnel_port: is in the range of NodePort Services (30000-32767); choose another, or remove it"),
        ({"native_routing_subnet": "10.0.0.0/8"},
         "network.native_routing_subnet: applies to native routing, and this mode has a tunnel; remove it"),
        ({"encryption": "ipsec", "ipsec_key": KEY, "values": {"hostFirewall": {"enabled": True}}},
         "network.values: the agent refuses the host firewall together with IPsec; remove hostFirewall, or use WireGuard"),
    ],
)  # fmt: skip
def test_conflicting_settings_are_reported(settings: dict[str, Any], expected: str) -> None:
    assert cilium("cilium-vxlan", **settings).problems(one_rack()) == [expected]


@pytest.mark.parametrize(
    ("mode", "settings", "name", "value"),
    [
        ("cilium-ipsec", {"encryption": "wireguard", "ipsec_key": None}, "encryption", "'ipsec'"),
        ("cilium-wireguard", {"encryption": "none"}, "encryption", "'wireguard'"),
        ("cilium-egress-gateway", {"egress_gateway": False}, "egress_gateway", "True"),
        ("cilium-socket-lb", {"socket_lb": False}, "socket_lb", "True"),
    ],
)
def test_a_setting_that_defines_the_mode_cannot_be_changed(
    mode: str, settings: dict[str, Any], name: str, value: str
) -> None:
    assert cilium(mode, **settings).problems(one_rack()) == [
        f"network.{name}: {mode} requires {name} = {value}; remove it, or use another mode "
        "(cilium-vxlan has every feature as a setting)"
    ]


def test_wireguard_in_the_ipsec_mode_is_reported_with_the_unused_key() -> None:
    assert cilium("cilium-ipsec", encryption="wireguard").problems(one_rack()) == [
        "network.encryption: cilium-ipsec requires encryption = 'ipsec'; remove it, or use another mode "
        "(cilium-vxlan has every feature as a setting)",
        'network.ipsec_key: applies to IPsec, which is off; set encryption = "ipsec", or remove it',
    ]


@pytest.mark.parametrize("endpoint", ["127.0.0.1:6443", "localhost:6443", ":6443", "[::1]:6443"])
def test_replacing_kube_proxy_requires_an_endpoint_that_all_nodes_reach(endpoint: str) -> None:
    problems = cilium("cilium-vxlan", kube_proxy_replacement=True).problems(one_rack(control_plane_endpoint=endpoint))
    assert problems == [
        "network.kube_proxy_replacement: the agents have to reach the API without Services, and it has no endpoint that "
        "all nodes can reach; set control_plane_endpoint"
    ]


@pytest.mark.parametrize(
    ("mode", "settings", "on", "expected"),
    [
        ("cilium-wireguard", {"strict_encryption": True}, dual_stack(),
         "network.strict_encryption: covers IPv4 only, so that pods' IPv6 packets would leave in the clear; remove it, or the IPv6 subnets"),
        ("cilium-direct-routing", {"tunnel_port": 8472}, one_rack(),
         "network.tunnel_port: applies to tunnels, and this mode has none; remove it"),
        ("cilium-direct-routing", {"native_routing_subnet": "10.9.0.0/16"}, one_rack(),
         "network.native_routing_subnet: does not contain pod_subnet, whose packets would be masqueraded; choose one that does"),
        ("cilium-direct-routing", {}, one_rack(routes=Routes.BGP, bgp=None),
         'network.mode: cilium-direct-routing with routes = "bgp" needs BGP peers, and the inventory has no bgp; set bgp = {"as_number": …}'),
        ("cilium-direct-routing", {}, dual_stack(routes=Routes.BGP),
         'network.mode: cilium-direct-routing with routes = "bgp" supports IPv4 only; remove the IPv6 subnets, or set '
         'routes = "plugin"'),
        ("cilium-ipip", {}, dual_stack(),
         "network.mode: cilium-ipip supports IPv4 only; use cilium-vxlan, or remove the IPv6 subnets"),
        ("cilium-hybrid", {"encryption": "wireguard"}, one_rack(),
         "network.encryption: untested over the hosts' tunnels (it is wireguard); remove it, or use cilium-wireguard"),
        ("cilium-egress-gateway", {}, one_rack(pod_subnet=ip_network("fd00:10::/56"), service_subnet=ip_network("fd00:11::/112")),
         "network.egress_gateway: requires nodes and pods with IPv4; use it on an IPv4 or dual-stack cluster"),
    ],
)  # fmt: skip
def test_a_conflict_with_the_cluster_is_reported(
    mode: str, settings: dict[str, Any], on: Cluster, expected: str
) -> None:
    assert cilium(mode, **settings).problems(on) == [expected]


def test_native_routing_crosses_racks_by_bgp_on_the_hosts() -> None:
    racks = cluster(bgp=with_bgp())
    refused = cilium("cilium-wireguard", routing="native").problems(racks)
    assert refused == [
        "network.mode: cilium-wireguard with native routing does not cross racks, whose routers have no pod routes "
        '(the nodes are in rack-1, rack-2); use cilium-vxlan, cilium-bgp, cilium-hybrid, or routes = "bgp"'
    ]
    racks = cluster(bgp=with_bgp(), routes=Routes.BGP)
    assert cilium("cilium-wireguard", routing="native").problems(racks) == []
    assert cilium("cilium-direct-routing").problems(racks) == []


@pytest.mark.parametrize("mode", MODES)
def test_an_egress_gateway_goes_with_every_data_path(mode: str) -> None:
    policies = [{**POLICY, "address": None}]
    assert cilium(mode, **ALL, egress_policies=policies).problems(one_rack()) == []


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"kube_proxy_replacement": "strict"},
         ["network.kube_proxy_replacement: 'strict' is not supported since Cilium 1.16, which has true and false only; use True (it is 'strict')"]),
        ({"kube_proxy_replacement": "disabled"},
         ["network.kube_proxy_replacement: 'disabled' is not supported since Cilium 1.16, which has true and false only; use False (it is 'disabled')"]),
        ({"ipsec_key": "hunter2"},
         ["network.ipsec_key: a key has 40, 56 or 72 hex digits; generate one with `openssl rand -hex 20` (not shown)"]),
        ({"ipsec_key_id": 16}, ["network.ipsec_key_id: input should be less than or equal to 15 (not shown)"]),
        ({"tunnel_port": 65536}, ["network.tunnel_port: input should be less than 65536 (it is 65536)"]),
        ({"version": "1.18"}, ["network.version: use 1.20 or 1.19, or a release of these, such as 1.20.2 (it is '1.18')"]),
        ({"encryption": "ztunnel"}, ["network.encryption: input should be 'none', 'wireguard' or 'ipsec' (it is 'ztunnel')"]),
        ({"cluster_id": 512}, ["network.cluster_id: input should be less than or equal to 511 (it is 512)"]),
        ({"kubeProxyReplacement": True},
         ["network.kubeProxyReplacement: unknown variable 'kubeProxyReplacement'; did you mean kube_proxy_replacement?"]),
    ],
)  # fmt: skip
def test_bad_settings_are_reported(settings: dict[str, Any], expected: list[str]) -> None:
    assert problems_of(hosts(network={"mode": "cilium-vxlan", **settings}), groups()) == expected
