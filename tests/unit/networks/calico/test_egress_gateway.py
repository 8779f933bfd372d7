"""What replaces the egress gateway: each with its requirements, refused where they are not met."""

from __future__ import annotations

import json
from ipaddress import ip_network
from typing import Any

import pytest

from tests.unit.clusters import cluster, network, one_rack, with_bgp
from underlay.resources.file import File

from .samples import check

MODE = "calico-egress-gateway"


def test_a_namespace_has_a_dedicated_pool_and_all_others_the_lower_half() -> None:
    addon = network(MODE).addon(one_rack())
    pools = next(o for o in addon.after if o["kind"] == "Installation")["spec"]["calicoNetwork"]["ipPools"]
    assert [(p["name"], p["cidr"], p["natOutgoing"], p["assignmentMode"]) for p in pools] == [
        ("default-ipv4-ippool", "10.244.0.0/17", "Enabled", "Automatic"),
        ("egress-shop", "10.244.192.0/24", "Disabled", "Manual"),
    ]
    namespace = next(o for o in addon.objects if o["kind"] == "Namespace")
    assert namespace["metadata"]["annotations"] == {"cni.projectcalico.org/ipv4pools": '["egress-shop"]'}


def test_the_gateway_and_the_others_have_scripts_of_their_own() -> None:
    made, on = network(MODE), one_rack()

    def script(node: str) -> str:
        file = made.node_resources(on, on.node(node))[0]
        assert isinstance(file, File)
        return file.content or ""

    assert "snat to 192.0.2.50" in script("w-1")
    assert script("w-2") == script("cp-1")
    assert 'ip -4 rule add from "$pool" lookup 4871 priority 91' in script("w-2")
    assert "dst 192.0.2.2 " in script("w-2")


def test_other_replacements_do_not_configure_hosts() -> None:
    made = network("calico-vxlan", egress="node-addresses", egress_addresses={"w-1": "192.0.2.50"})
    assert made.problems(one_rack()) == []
    assert made.node_resources(one_rack(), one_rack().node("w-1")) == ()
    own = [o for o in made.addon(one_rack()).after if o["metadata"]["name"] == "node.w-1"]
    assert [o["spec"] for o in own] == [{"natOutgoingAddress": "192.0.2.50"}]


RULE = {"priority": 91, "src": "10.244.192.0", "srclen": 24, "table": "4871"}
ROUTE = {"dst": "default", "gateway": "10.244.2.0", "dev": "vxlan.calico", "flags": ["onlink"]}


@pytest.mark.parametrize(
    ("rules", "routes", "expected"),
    [
        ([RULE], [ROUTE], None),
        ([], [ROUTE], "rules that lead to the gateway: missing 10.244.192.0/24"),
        ([RULE], [{"type": "unreachable", "dst": "default", "dev": "lo"}],
         "no route to the gateway through vxlan.calico: packets to the outside are rejected (default route: unreachable)"),
    ],
)  # fmt: skip
def test_the_egress_path_is_checked(
    rules: list[dict[str, Any]], routes: list[dict[str, Any]], expected: str | None
) -> None:
    output = f"{json.dumps(rules)}\n{json.dumps(routes)}\n"
    assert check("the egress path", MODE, node="w-2").judge(output) == expected


def test_the_source_nat_of_the_gateway_is_checked() -> None:
    judge = check("the egress path", MODE, node="w-1").judge
    assert judge("table ip underlay-egress {\n ip saddr { 10.244.192.0/24 } snat to 192.0.2.50\n}") is None
    assert judge("table ip underlay-egress {\n}") is not None


POOLS = {"shop": "10.244.192.0/24"}


@pytest.mark.parametrize(
    ("mode", "settings", "expected"),
    [
        (MODE, {"egress": "none", "egress_pools": {}, "egress_gateway": "", "egress_addresses": {}},
         'network.egress: calico-egress-gateway requires a replacement (it is "none"); use "gateway-node" or '
         '"node-addresses", or the mode calico-vxlan'),
        (MODE, {"egress_gateway": "w-9", "egress_addresses": {"w-9": "192.0.2.50"}},
         "network.egress_addresses: unknown node (it is w-9); use one of cp-1, w-1, w-2"),
        (MODE, {"egress_addresses": {"w-2": "192.0.2.50"}},
         "network.egress_addresses: has none for w-1; add the source address of its pods"),
        (MODE, {"egress_pools": {"shop": "10.244.0.0/24"}},
         "network.egress_pools: shop has 10.244.0.0/24, which is not in the upper half of pod_subnet; choose a range of "
         "10.244.128.0/17"),
        (MODE, {"egress_pools": {"shop": "10.244.192.0/24", "lab": "10.244.192.128/25"}},
         "network.egress_pools: lab has 10.244.192.128/25, which overlaps 10.244.192.0/24 of shop; choose another"),
        (MODE, {"egress_pools": {"shop": "10.244.192.0/29"}},
         "network.egress_pools: shop has 10.244.192.0/29, which is too small for blocks of /29 per node; use a /28 or "
         "larger"),
        (MODE, {"cross_subnet": True},
         "network.egress: gateway-node requires VXLAN between all nodes, which calico-egress-gateway does not have; "
         "use calico-vxlan"),
        (MODE, {"encryption": "wireguard"},
         "network.egress: gateway-node bypasses WireGuard, so that its packets are routed and in the clear; remove one of them"),
        ("calico-vxlan", {"egress": "namespace-pools", "egress_pools": POOLS},
         "network.egress: namespace-pools requires routers with pod routes, and calico-vxlan has no BGP with routers; "
         "use calico-bgp, or egress gateway-node"),
        ("calico-vxlan", {"egress": "node-addresses"},
         "network.egress_addresses: is missing, and egress 'node-addresses' requires it; set it"),
        ("calico-vxlan", {"egress_pools": POOLS},
         "network.egress_pools: has no effect with egress 'none'; remove it, or change egress"),
        ("calico-vxlan", {"egress": "node-addresses", "egress_addresses": {"w-1": "192.0.2.50"}, "nat_outgoing": False},
         "network.egress: node-addresses requires nat_outgoing, whose source address it sets; set nat_outgoing"),
        ("calico-vxlan", {"egress": "node-addresses", "egress_addresses": {"w-1": "192.0.2.50"}, "data_plane": "ebpf"},
         "network.egress: node-addresses requires the data plane iptables or nftables; use data_plane auto"),
        ("calico-gce", {"egress": "namespace-pools", "egress_pools": POOLS},
         "network.egress: namespace-pools requires Calico's IPAM, and pods have addresses of their node's podCIDR; "
         "remove it"),
    ],
)  # fmt: skip
def test_unmet_requirements_are_refused(mode: str, settings: dict[str, Any], expected: str) -> None:
    assert expected in network(mode, **settings).problems(one_rack())


def test_namespace_pools_work_with_routers() -> None:
    made = network("calico-bgp", egress="namespace-pools", egress_pools=POOLS)
    assert made.problems(cluster(bgp=with_bgp())) == []
    assert made.node_resources(one_rack(), one_rack().node("w-1")) == ()


def test_ipv6_alone_is_refused() -> None:
    on = one_rack(pod_subnet=ip_network("fd00:10:244::/56"), service_subnet=ip_network("fd00:10:96::/112"))
    assert "network.egress: gateway-node supports IPv4 only, and pod_subnet is IPv6; remove it" in network(
        MODE
    ).problems(on)
