"""What cannot be combined is refused before any host is contacted, with its reason and the way out."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from tests.unit.clusters import cluster, dual_stack, groups, hosts, one_rack, with_bgp
from tests.unit.inventory.test_spec import problems_of
from underlay.model.cluster import Cluster
from underlay.model.routes import Routes

from .samples import KEY, MODES, POLICY, cilium

ALL = {"kube_proxy_replacement": True, "bpf_masquerade": True, "egress_gateway": True}


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"kube_proxy_replacement": True, "socket_lb": False},
         "network.socket_lb: the replacement of kube-proxy serves Services at the socket and cannot do without; leave socket_lb out"),
        ({"socket_lb_host_only": True},
         "network.socket_lb_host_only: is for socket LB, which is off; set socket_lb, or leave it out"),
        ({"bpf_masquerade": True},
         "network.bpf_masquerade: rests on Cilium's own NodePorts; set kube_proxy_replacement too, or leave it out"),
        ({"encryption": "ipsec"}, "network.ipsec_key: is missing; make one: openssl rand -hex 20"),
        ({"ipsec_key": KEY}, 'network.ipsec_key: is for IPsec, which is off; set encryption = "ipsec", or leave it out'),
        ({"encryption": "wireguard", "ipsec_key": KEY},
         'network.ipsec_key: is for IPsec, which is off; set encryption = "ipsec", or leave it out'),
        ({"node_encryption": True},
         'network.node_encryption: WireGuard alone can do that; set encryption = "wireguard", or leave it out'),
        ({"encryption": "ipsec", "ipsec_key": KEY, "strict_encryption": True},
         'network.strict_encryption: WireGuard alone can do that; set encryption = "wireguard", or leave it out'),
        ({"encryption": "wireguard", "strict_encryption": True, "version": "1.19"},
         'network.strict_encryption: is written otherwise before Cilium 1.20, and what it was then is gone; use version = "1.20"'),
        ({"egress_gateway": True},
         "network.egress_gateway: needs kube_proxy_replacement and bpf_masquerade, which translate for it; set both"),
        ({"egress_gateway": True, "kube_proxy_replacement": True},
         "network.egress_gateway: needs kube_proxy_replacement and bpf_masquerade, which translate for it; set both"),
        ({**ALL, "values": {"ciliumEndpointSlice": {"enabled": True}}},
         "network.egress_gateway: the agent refuses it together with CiliumEndpointSlice; leave ciliumEndpointSlice out of values"),
        ({**ALL, "values": {"identityAllocationMode": "kvstore"}},
         "network.egress_gateway: the agent refuses it with identities in a kvstore; leave identityAllocationMode out of values"),
        ({"egress_policies": [{**POLICY, "address": None}]},
         "network.egress_policies: are for the egress gateway, which is off; set egress_gateway, or use cilium-egress-gateway"),
        ({"encryption": "wireguard", "tunnel_port": 51871},
         "network.tunnel_port: 51871 is WireGuard's; choose another, or leave it out"),
        ({"tunnel_port": 30001},
         "network.tunnel_port: is among the ports of NodePort Services (30000 to 32767); choose another, or leave it out"),
        ({"native_routing_subnet": "10.0.0.0/8"},
         "network.native_routing_subnet: is for plain routing, and this is a tunnel; leave it out"),
        ({"encryption": "ipsec", "ipsec_key": KEY, "values": {"hostFirewall": {"enabled": True}}},
         "network.values: the agent refuses the host firewall together with IPsec; leave hostFirewall out, or use WireGuard"),
    ],
)  # fmt: skip
def test_settings_that_do_not_go_together_are_told(settings: dict[str, Any], told: str) -> None:
    assert cilium("cilium-vxlan", **settings).problems(one_rack()) == [told]


@pytest.mark.parametrize(
    ("mode", "settings", "name", "value"),
    [
        ("cilium-ipsec", {"encryption": "wireguard", "ipsec_key": None}, "encryption", "'ipsec'"),
        ("cilium-wireguard", {"encryption": "none"}, "encryption", "'wireguard'"),
        ("cilium-egress-gateway", {"egress_gateway": False}, "egress_gateway", "True"),
        ("cilium-socket-lb", {"socket_lb": False}, "socket_lb", "True"),
    ],
)
def test_a_mode_cannot_be_without_what_it_is_named_for(
    mode: str, settings: dict[str, Any], name: str, value: str
) -> None:
    assert cilium(mode, **settings).problems(one_rack()) == [
        f"network.{name}: {mode} is named for {name} = {value}; leave it out, or use another mode "
        "(cilium-vxlan has everything as a setting)"
    ]


def test_ipsec_and_wireguard_together_are_told_with_the_key_that_is_left() -> None:
    assert cilium("cilium-ipsec", encryption="wireguard").problems(one_rack()) == [
        "network.encryption: cilium-ipsec is named for encryption = 'ipsec'; leave it out, or use another mode "
        "(cilium-vxlan has everything as a setting)",
        'network.ipsec_key: is for IPsec, which is off; set encryption = "ipsec", or leave it out',
    ]


@pytest.mark.parametrize("endpoint", ["127.0.0.1:6443", "localhost:6443", ":6443", "[::1]:6443"])
def test_kube_proxy_is_not_replaced_where_the_api_is_not_known_to_all_nodes(endpoint: str) -> None:
    problems = cilium("cilium-vxlan", kube_proxy_replacement=True).problems(one_rack(control_plane_endpoint=endpoint))
    assert problems == [
        "network.kube_proxy_replacement: the agents have to reach the API before any Service is there, and no endpoint "
        "that all nodes know is set; set control_plane_endpoint"
    ]


@pytest.mark.parametrize(
    ("mode", "settings", "on", "told"),
    [
        ("cilium-wireguard", {"strict_encryption": True}, dual_stack(),
         "network.strict_encryption: covers IPv4 alone, and pods' IPv6 would leave in clear; leave it out, or the IPv6 subnets"),
        ("cilium-direct-routing", {"tunnel_port": 8472}, one_rack(),
         "network.tunnel_port: is for a tunnel, and there is none; leave it out"),
        ("cilium-direct-routing", {"native_routing_subnet": "10.9.0.0/16"}, one_rack(),
         "network.native_routing_subnet: does not hold pod_subnet, whose packets would be translated; choose one that does"),
        ("cilium-direct-routing", {}, one_rack(routes=Routes.BGP, bgp=None),
         'network.mode: cilium-direct-routing with routes by BGP needs to know who peers with whom; set bgp = {"as_number": …}'),
        ("cilium-direct-routing", {}, dual_stack(routes=Routes.BGP),
         "network.mode: cilium-direct-routing with routes by BGP has them for IPv4 alone; leave the IPv6 subnets out, or use "
         "routes of the plugin"),
        ("cilium-ipip", {}, dual_stack(),
         "network.mode: cilium-ipip has tunnels for IPv4 alone; use cilium-vxlan, or leave IPv6 subnets out"),
        ("cilium-hybrid", {"encryption": "wireguard"}, one_rack(),
         "network.encryption: nobody has shown it over tunnels that Cilium does not know of; leave it out, or use cilium-wireguard"),
        ("cilium-egress-gateway", {}, one_rack(pod_subnet=ip_network("fd00:10::/56"), service_subnet=ip_network("fd00:11::/112")),
         "network.egress_gateway: needs nodes and pods with IPv4; use it on an IPv4 or dual-stack cluster"),
    ],
)  # fmt: skip
def test_what_a_cluster_cannot_have_is_told(mode: str, settings: dict[str, Any], on: Cluster, told: str) -> None:
    assert cilium(mode, **settings).problems(on) == [told]


def test_plain_routes_cross_racks_by_bgp_on_the_hosts() -> None:
    racks = cluster(bgp=with_bgp())
    refused = cilium("cilium-wireguard", routing="native").problems(racks)
    assert refused == [
        "network.mode: cilium-wireguard with plain routes cannot cross racks (the nodes are in rack-1, rack-2), whose "
        'routers know nothing of pods; use cilium-vxlan, cilium-bgp, cilium-hybrid, or routes = "bgp"'
    ]
    racks = cluster(bgp=with_bgp(), routes=Routes.BGP)
    assert cilium("cilium-wireguard", routing="native").problems(racks) == []
    assert cilium("cilium-direct-routing").problems(racks) == []


@pytest.mark.parametrize("mode", MODES)
def test_an_egress_gateway_goes_with_every_data_path(mode: str) -> None:
    policies = [{**POLICY, "address": None}]
    assert cilium(mode, **ALL, egress_policies=policies).problems(one_rack()) == []


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"kube_proxy_replacement": "strict"},
         ["network.kube_proxy_replacement: 'strict' left Cilium in 1.16, where it is true or false; use True (it is 'strict')"]),
        ({"kube_proxy_replacement": "disabled"},
         ["network.kube_proxy_replacement: 'disabled' left Cilium in 1.16, where it is true or false; use False (it is 'disabled')"]),
        ({"ipsec_key": "hunter2"},
         ["network.ipsec_key: a key has 40, 56 or 72 hex digits, as openssl rand -hex 20 prints them (not shown)"]),
        ({"ipsec_key_id": 16}, ["network.ipsec_key_id: input should be less than or equal to 15 (not shown)"]),
        ({"tunnel_port": 65536}, ["network.tunnel_port: input should be less than 65536 (it is 65536)"]),
        ({"version": "1.18"}, ["network.version: known are 1.20 and 1.19, and each release of these, such as 1.20.2 (it is '1.18')"]),
        ({"encryption": "ztunnel"}, ["network.encryption: input should be 'none', 'wireguard' or 'ipsec' (it is 'ztunnel')"]),
        ({"cluster_id": 512}, ["network.cluster_id: input should be less than or equal to 511 (it is 512)"]),
        ({"kubeProxyReplacement": True},
         ["network.kubeProxyReplacement: unknown variable 'kubeProxyReplacement'; did you mean kube_proxy_replacement?"]),
    ],
)  # fmt: skip
def test_bad_settings_are_told(settings: dict[str, Any], told: list[str]) -> None:
    assert problems_of(hosts(network={"mode": "cilium-vxlan", **settings}), groups()) == told
