"""What the cloud modes do, with each value of `delivery`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.clusters import cluster, dual_stack, network, one_rack, with_bgp
from underlay.model.cluster import Cluster
from underlay.model.routes import Routes
from underlay.networks.network import Network


def specs(made: Network, on: Cluster | None = None) -> dict[str, Any]:
    return {o["kind"]: o["spec"] for o in made.addon(on or one_rack()).after}


@pytest.mark.parametrize(
    ("settings", "encapsulation", "ipam", "bgp"),
    [
        ({}, "VXLANCrossSubnet", "Calico", "Disabled"),
        ({"delivery": "single-subnet"}, "None", "Calico", "Enabled"),
        ({"delivery": "routes"}, "None", "HostLocal", "Disabled"),
    ],
)
def test_aws_in_three_ways(settings: dict[str, Any], encapsulation: str, ipam: str, bgp: str) -> None:
    found = specs(network("calico-aws-vpc", **settings))
    installed = found["Installation"]
    assert installed["calicoNetwork"]["ipPools"][0]["encapsulation"] == encapsulation
    assert installed["cni"]["ipam"]["type"] == ipam
    assert installed["calicoNetwork"]["bgp"] == bgp
    assert found["FelixConfiguration"]["awsSrcDstCheck"] == "Disable"


def test_the_source_check_may_be_left_to_the_site() -> None:
    made = network("calico-aws-vpc", source_check="site")
    assert specs(made)["FelixConfiguration"]["awsSrcDstCheck"] == "DoNothing"


@pytest.mark.parametrize(
    ("delivery", "overhead", "bgp"), [("routes", 0, "Disabled"), ("vxlan", 50, "Disabled"), ("ipip", 20, "Enabled")]
)
def test_gce_in_three_ways(delivery: str, overhead: int, bgp: str) -> None:
    made = network("calico-gce", delivery=delivery)
    on = one_rack(path_mtu=1460)
    assert made.pod_mtu(on) == 1460 - overhead
    assert specs(made, on)["Installation"]["calicoNetwork"]["bgp"] == bgp


@pytest.mark.parametrize(
    ("mode", "settings", "routes"),
    [
        ("calico-gce", {}, Routes.CLOUD),
        ("calico-gce", {"delivery": "vxlan"}, Routes.PLUGIN),
        ("calico-aws-vpc", {}, Routes.PLUGIN),
        ("calico-aws-vpc", {"delivery": "routes"}, Routes.CLOUD),
    ],
)
def test_routes_of_the_cloud_are_required_where_they_carry_pods(
    mode: str, settings: dict[str, Any], routes: Routes
) -> None:
    assert network(mode, **settings).routes == (routes,)


def test_one_subnet_is_one_rack() -> None:
    made = network("calico-aws-vpc", delivery="single-subnet")
    assert made.needs_one_segment
    assert made.problems(cluster(bgp=with_bgp())) == [
        "network.delivery: single-subnet of calico-aws-vpc does not cross subnets (the nodes are in rack-1, rack-2); "
        'use "cross-subnet" or "routes"'
    ]


def test_ipip_on_gce_is_for_ipv4() -> None:
    assert network("calico-gce", delivery="ipip").problems(dual_stack()) == [
        'network.delivery: ipip carries IPv4 only, and pods have IPv6 addresses; use "vxlan" or "routes"'
    ]
