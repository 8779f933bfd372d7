"""What is specific to flannel-host-gw: one segment, plain routes, no overlay."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.clusters import cluster, dual_stack, groups, hosts, one_rack, with_bgp
from underlay.model.routes import Routes
from underlay.networks.flannel.host_gw import FlannelHostGw

from .samples import HOST, HOST_V6, judged


def route(number: int, gateway: str, dev: str = "eth0") -> dict[str, Any]:
    return {"dst": f"10.244.{number}.0/24", "gateway": gateway, "dev": dev, "flags": []}


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        ((route(1, "192.0.2.2"), route(2, "192.0.2.3")), None),
        ((), "gateways of pod routes: missing 192.0.2.2, 192.0.2.3"),
        ((route(1, "192.0.2.2"),), "gateways of pod routes: missing 192.0.2.3"),
        (
            (route(1, "192.0.2.254"), route(2, "192.0.2.254")),
            "gateways of pod routes: missing 192.0.2.2, 192.0.2.3; unexpected 192.0.2.254",
        ),
        (
            (route(1, "10.244.1.0", "flannel.1"), route(2, "10.244.2.0", "flannel.1")),
            "gateways of pod routes: missing 192.0.2.2, 192.0.2.3; unexpected 10.244.1.0, 10.244.2.0",
        ),
    ],
)
def test_every_other_node_is_reached_by_its_own_address(found: tuple[dict[str, Any], ...], problem: str | None) -> None:
    name = "routes to the pods of other nodes"
    assert judged(FlannelHostGw(), name, json.dumps([*HOST, *found]), of=one_rack()) == problem


def test_every_other_node_is_reached_by_its_own_ipv6_address_too() -> None:
    def routes(*numbers: int) -> str | None:
        found = ({"dst": f"fd00:10:244:{n}::/64", "gateway": f"2001:db8::{n + 1}", "dev": "eth0"} for n in numbers)
        name = "IPv6 routes to the pods of other nodes"
        return judged(FlannelHostGw(), name, json.dumps([*HOST_V6, *found]), of=dual_stack())

    assert routes(1, 2) is None
    assert routes(1) == "gateways of pod routes: missing 2001:db8::3"


def test_a_packet_does_not_grow() -> None:
    assert FlannelHostGw().overhead(cluster()) == 0


def test_is_refused_across_racks_from_the_inventory_alone() -> None:
    from tests.unit.inventory.spec_problems import problems_of  # noqa: PLC0415

    assert problems_of(hosts(mode="flannel-host-gw"), groups()) == [
        "network.mode: flannel-host-gw does not cross racks, whose routers have no pod routes (the nodes are in rack-1, "
        'rack-2); use flannel-vxlan with direct_routing, one rack, or routes = "bgp"'
    ]


def by_bgp(number: int, **more: Any) -> dict[str, Any]:
    return route(number, "192.0.2.101") | {"protocol": "bgp"} | more


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        ((route(1, "192.0.2.2"), by_bgp(2)), None),
        ((route(1, "192.0.2.2"), by_bgp(2, gateway=None, nexthops=[{"gateway": "192.0.2.101"}])), None),
        # On one segment the BGP next hop is the node itself, and Flannel takes the route for its own.
        ((by_bgp(1, gateway="192.0.2.2"), by_bgp(2)), None),
        ((route(1, "192.0.2.2"),), "0 pod routes by BGP to other racks, expected 1"),
        ((by_bgp(1), by_bgp(2)), "gateways of pod routes: missing 192.0.2.2"),
        (
            (route(1, "192.0.2.2"), route(2, "192.0.2.101")),
            "gateways of pod routes: unexpected 192.0.2.101",
        ),
    ],
)
def test_nodes_of_other_racks_are_reached_by_bgp_routes(found: tuple[dict[str, Any], ...], problem: str | None) -> None:
    made = cluster(bgp=with_bgp(), routes=Routes.BGP)
    shown = json.dumps([*HOST, *found])
    assert judged(FlannelHostGw(), "routes to the pods of other nodes", shown, of=made) == problem


def test_routes_by_bgp_cross_racks_that_have_routers() -> None:
    assert FlannelHostGw().problems(cluster(bgp=with_bgp(), routes=Routes.BGP)) == []
    assert FlannelHostGw().problems(cluster(bgp=with_bgp(routers=()), routes=Routes.BGP)) == [
        'routes: "bgp" needs a router in every rack, and rack-1, rack-2 has none (the nodes are in rack-1, rack-2); '
        "put one in the group routers, or in bgp.peers"
    ]
    assert FlannelHostGw().problems(dual_stack(routes=Routes.BGP))[0] == (
        'routes: FRR announces IPv4 subnets only; remove the IPv6 subnets, or set routes = "plugin"'
    )
