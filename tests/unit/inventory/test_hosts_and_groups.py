"""Hosts and groups that make no cluster are refused, and every problem of them is reported."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest

from tests.unit.clusters import Groups, Hosts, groups, high_available, hosts
from underlay.model.routes import Routes

from .spec_problems import ADDRESS, ENDPOINT, NO_CONTROL_PLANE, ipv6, problems_of, with_host, without


@pytest.mark.parametrize(
    ("own", "problems"),
    [
        ({"address": "192.0.2.1"}, ["hosts.w-1.address: 192.0.2.1 is also cp-1's; give every host its own"]),
        ({"address": "192.0.2.300"}, [f"hosts.w-1.address: {ADDRESS} (it is '192.0.2.300')"]),
        ({"address": None}, [f"hosts.w-1.address: {ADDRESS} (it is None)"]),
        ({"address": 3221225986}, [f"hosts.w-1.address: {ADDRESS} (it is 3221225986)"]),
        ({"address": "fe80::1%eth0"}, [f"hosts.w-1.address: {ADDRESS} (it is "
                                       "'fe80::1%eth0')"]),
        ({"address": "127.0.0.1"}, ["hosts.w-1.address: no host can be reached at this address (it is '127.0.0.1')"]),
        ({"rack": "rack 1"}, ["hosts.w-1.rack: string should match pattern '^[A-Za-z0-9][-A-Za-z0-9_.]{0,62}$' (it is "
                              "'rack 1')"]),
        ({"rack": 1}, ["hosts.w-1.rack: input should be a valid string (it is 1)"]),
        (
            {"address": "nowhere", "rack": ""},
            [
                f"hosts.w-1.address: {ADDRESS} (it is 'nowhere')",
                "hosts.w-1.rack: string should match pattern '^[A-Za-z0-9][-A-Za-z0-9_.]{0,62}$' (it is '')",
            ],
        ),
        ({"pod_subnet": "10.1.0.0/16"}, []),
        ({"verify": False}, []),
        ({"address": "2001:db8::2"}, ["hosts.w-1.address: 2001:db8::2 is IPv6, and that of cp-1 is IPv4; use one "
                                      "family"]),
        ({"address": "10.244.3.4"}, ["pod_subnet: 10.244.0.0/16 contains the address of w-1 (10.244.3.4); choose "
                                     "another"]),
    ],
)  # fmt: skip
def test_one_bad_host_is_named(own: dict[str, Any], problems: list[str]) -> None:
    assert with_host("w-1", **own) == problems


def test_a_host_without_an_address_is_named() -> None:
    found = hosts()
    del found["w-2"]["address"]
    assert problems_of(found, groups()) == ["hosts.w-2.address: is missing; set it"]


def test_a_host_that_is_named_as_no_node_can_be_is_reported() -> None:
    found = hosts()
    found["W_2"] = found.pop("w-2")
    assert problems_of(found, groups(workers=("w-1", "W_2"))) == [
        "hosts.W_2: is not a valid node name (lower-case letters, digits, - and .); rename the host"
    ]


def test_values_that_differ_between_hosts_are_reported_once_each() -> None:
    found = hosts(pod_subnet="10.244.0.0/16", path_mtu=1500)
    found["w-1"] |= {"pod_subnet": "10.1.0.0/16", "path_mtu": 9000}
    found["w-2"] |= {"pod_subnet": "10.2.0.0/16"}
    assert problems_of(found, groups()) == [
        "pod_subnet: differs between hosts (cp-1: '10.244.0.0/16', w-1: '10.1.0.0/16'); set it once, for all hosts",
        "path_mtu: differs between hosts (cp-1: 1500, w-1: 9000); set it once, for all hosts",
    ]


@pytest.mark.parametrize(
    ("found", "members", "problems"),
    [
        ({}, {}, ["inventory: it has no hosts; put them in the groups control_plane and workers"]),
        ({}, groups(control_plane=(), workers=()), ["inventory: it has no hosts; put them in the groups control_plane "
                                                    "and workers"]),
        (without(hosts(), "cp-1"), groups(control_plane=()), [NO_CONTROL_PLANE]),
        (without(hosts(), "cp-1"), {"workers": ("w-1", "w-2")}, [NO_CONTROL_PLANE]),
        (hosts(), {"control_plane": ("cp-1",), "workers": ("w-1",)}, [
            "hosts.w-2: is in no group with a role; put it in control_plane, workers or routers"]),
        (hosts(), {}, [
            "hosts.cp-1: is in no group with a role; put it in control_plane, workers or routers",
            "hosts.w-1: is in no group with a role; put it in control_plane, workers or routers",
            "hosts.w-2: is in no group with a role; put it in control_plane, workers or routers",
            NO_CONTROL_PLANE]),
        (hosts(), groups(workers=("cp-1", "w-1", "w-2")), [
            "workers.cp-1: the host is listed twice; a host has one role"]),
        (hosts(), groups(workers=("w-1", "w-2", "w-2")), [
            "workers.w-2: the host is listed twice; a host has one role"]),
        (hosts(), groups(control_plane=("cp-1", "w-1"), workers=("w-2",)), [
            "control_plane: 2 etcd members tolerate no more failures than 1; use 1 or 3 hosts",
            "control_plane_endpoint: is missing; 2 control-plane hosts need the address of the load balancer in front "
            "of them"]),
        (without(hosts(), "w-1", "w-2"), groups(workers=()), []),
        (without(hosts(), "w-1", "w-2"), {"control_plane": ("cp-1",)}, []),
    ],
)  # fmt: skip
def test_who_is_in_which_group_is_reported(found: Hosts, members: Groups, problems: list[str]) -> None:
    assert problems_of(found, members) == problems


def test_a_bad_host_is_no_reason_to_count_wrong() -> None:
    found, members = high_available()
    found["cp-2"]["address"] = "nowhere"
    assert problems_of(found, members) == [f"hosts.cp-2.address: {ADDRESS} (it is 'nowhere')"]


def test_a_bad_endpoint_is_not_called_missing_too() -> None:
    assert problems_of(*high_available(control_plane_endpoint="")) == [f"control_plane_endpoint: {ENDPOINT} (it is '')"]


def test_a_bad_host_that_is_twice_in_the_inventory_has_both_problems_reported() -> None:
    found = hosts()
    found["w-1"]["address"] = "nowhere"
    assert problems_of(found, groups(workers=("w-1", "w-1", "w-2"))) == [
        f"hosts.w-1.address: {ADDRESS} (it is 'nowhere')",
        "workers.w-1: the host is listed twice; a host has one role",
    ]


def test_all_problems_of_a_host_named_by_an_ipv6_address_are_reported() -> None:
    found = hosts()
    found["2001:db8::9"] = {**hosts()["w-2"], "address": "nowhere", "rack": ""}
    assert problems_of(found, groups(workers=("w-1", "w-2", "2001:db8::9"))) == [
        "hosts.2001:db8::9: is not a valid node name (lower-case letters, digits, - and .); rename the host",
        f"hosts.2001:db8::9.address: {ADDRESS} (it is 'nowhere')",
        "hosts.2001:db8::9.rack: string should match pattern '^[A-Za-z0-9][-A-Za-z0-9_.]{0,62}$' (it is '')",
    ]


def test_problems_of_ipv6_subnets_are_reported() -> None:
    def subnets(**shared: Any) -> list[str]:
        return [p for p in problems_of(ipv6(**shared), groups()) if "subnet: " in p]

    assert subnets() == []
    assert subnets(pod_subnet="fd00:10::/63") == [
        "pod_subnet: fd00:10::/63 has room for 2 nodes of a /64 each, and there are 3; use a larger one"
    ]
    assert subnets(pod_subnet="fd00::/40") == [
        "pod_subnet: fd00::/40 is too large for nodes of a /64 each; use a /48 or smaller",
    ]
    assert subnets(service_subnet="fd00:10::/112") == [
        "service_subnet: fd00:10::/112 overlaps pod_subnet fd00:10::/48; choose another"
    ]
    assert subnets(service_subnet="fd00:20::/64") == [
        "service_subnet: fd00:20::/64 is too large; use a /108 or smaller"
    ]
    assert subnets(service_subnet="10.96.0.0/16") == [
        "service_subnet: 10.96.0.0/16 is IPv4, and the address of cp-1 is IPv6 (2001:db8::1); use one family"
    ]


def test_an_ipv6_endpoint_is_in_brackets() -> None:
    from underlay.inventory.spec import _cluster, _nodes  # noqa: PLC0415
    from underlay.inventory.variables import ClusterVariables  # noqa: PLC0415

    nodes = _nodes(ipv6(), groups(), [])
    made = _cluster(ClusterVariables(network={}), nodes, None, Routes.PLUGIN)
    assert made.control_plane_endpoint == "[2001:db8::1]:6443"
    assert made.first.address == ip_address("2001:db8::1")
