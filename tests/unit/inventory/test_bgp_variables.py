"""The BGP facts of an inventory: read once for both sides of every session, refused with a reason each."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.clusters import Groups, Hosts, groups, hosts
from underlay.inventory.errors import InvalidInventory
from underlay.inventory.spec import read_spec

BGP: dict[str, Any] = {
    "as_numbers": {"rack-1": 64513, "rack-2": 64514},
    "peers": [{"name": "tor-2", "address": "192.0.2.102", "as_number": 64602, "rack": "rack-2"}],
}
ROUTER = {"address": "192.0.2.101", "rack": "rack-1", "as_number": 64601}


def inventory(*, bgp: dict[str, Any] | None = None, router: dict[str, Any] | None = None) -> tuple[Hosts, Groups]:
    found = hosts(bgp=BGP | (bgp or {}))
    found["tor-1"] = ROUTER | (router or {})
    return found, {**groups(), "routers": ("tor-1",)}


def problems(**changes: Any) -> list[str]:
    with pytest.raises(InvalidInventory) as refused:
        read_spec(*inventory(**changes))
    return list(refused.value.problems)


def test_routers_that_are_hosts_and_others_are_peers_alike() -> None:
    bgp = read_spec(*inventory()).cluster.bgp
    assert bgp is not None
    assert [(r.name, str(r.address), r.as_number, r.rack, r.managed) for r in bgp.routers] == [
        ("tor-1", "192.0.2.101", 64601, "rack-1", True),
        ("tor-2", "192.0.2.102", 64602, "rack-2", False),
    ]
    assert bgp.as_numbers == {"rack-1": 64513, "rack-2": 64514}


def test_a_router_is_no_node() -> None:
    assert [n.name for n in read_spec(*inventory()).cluster.nodes] == ["cp-1", "w-1", "w-2"]


@pytest.mark.parametrize(("workers", "limit"), [(2, 1000), (1200, 2402)])
def test_the_prefix_limit_has_room_for_every_node(workers: int, limit: int) -> None:
    found: Hosts = {"cp-1": {"address": "198.18.0.1", "network": {"mode": "none"}, "bgp": {"as_number": 64512}}}
    for number in range(1, workers + 1):
        found[f"w-{number}"] = found["cp-1"] | {"address": f"198.18.{number // 250 + 1}.{number % 250 + 1}"}
    everybody = groups(workers=tuple(name for name in found if name != "cp-1"))
    for variables in found.values():
        variables["pod_subnet"] = "10.240.0.0/12"
    bgp = read_spec(found, everybody).cluster.bgp
    assert bgp is not None
    assert bgp.max_prefixes == limit


def test_the_password_is_not_shown() -> None:
    bgp = read_spec(*inventory(bgp={"password": "hush"})).cluster.bgp
    assert bgp is not None
    assert bgp.password == "hush"  # noqa: S105
    assert "hush" not in repr(bgp)
    assert "hush" not in "".join(problems(bgp={"password": "hush" * 30}))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"bgp": {"as_numbers": {"rack-1": 64513}}},
         "bgp.as_numbers: rack-2 is missing; give it an AS number, or all nodes one with bgp.as_number"),
        ({"bgp": {"as_number": 64512, "as_numbers": {"rack-9": 64513}}},
         "bgp.as_numbers: no node is in rack-9; the racks are rack-1, rack-2"),
        ({"bgp": {"as_number": 2**32, "as_numbers": {}}},
         "bgp.as_number: input should be less than 4294967296 (it is 4294967296)"),
        ({"bgp": {"as_numbers": {"rack-1": 23456, "rack-2": 64514}}},
         "bgp.as_numbers.rack-1: AS 23456 is AS_TRANS; use a private one (64512 to 65534, or 4200000000 on)"),
        ({"bgp": {"peers": [{"name": "x", "address": "192.0.2.9", "as_number": 64600, "rack": "rack-7"}]}},
         "bgp: router x is in rack-7, and no node is; the racks are rack-1, rack-2"),
        ({"bgp": {"peers": [{"name": "x", "address": "192.0.2.2", "as_number": 64600, "rack": "rack-1"}]}},
         "bgp: router x has the address of w-1 (192.0.2.2)"),
        ({"bgp": {"password": "x" * 81}},
         "bgp.password: a TCP MD5 password has 1 to 80 bytes (not shown)"),
        ({"bgp": {"keepalive": 5}}, "bgp.keepalive: 5 s is more than a third of hold_time (9 s); lower it"),
        ({"bgp": {"as_numer": 5}}, "bgp.as_numer: unknown variable 'as_numer'; did you mean as_number?"),
        ({"router": {"as_number": None}}, "routers.tor-1.as_number: is missing; set the router's AS number"),
        ({"router": {"as_number": 2**32}},
         "hosts.tor-1.as_number: input should be less than 4294967296 (it is 4294967296)"),
        ({"router": {"as_number": 65535}},
         "bgp: router tor-1: AS 65535 is reserved; use a private one (64512 to 65534, or 4200000000 on)"),
        ({"router": {"as_number": 64513}},
         "bgp: router tor-1 is in the AS of its rack's nodes (64513), and does not advertise routes of one to another; "
         "give it an AS of its own"),
        ({"bgp": {"as_numbers": {"rack-1": 0, "rack-2": 64514}}},
         "bgp.as_numbers.rack-1: input should be greater than 0 (it is 0)"),
        ({"bgp": {"peers": [{"address": "192.0.2.9", "as_number": 64600}]}}, "bgp.peers.0.rack: is missing; set it"),
        ({"bgp": {"peers": [{"name": "x", "address": "192.0.2.9", "as_number": 64600, "rack": ""}]}},
         "bgp: router x is in no rack, and no node is; the racks are rack-1, rack-2"),
        ({"bgp": {"peers": [{"name": "w-1", "address": "192.0.2.9", "as_number": 64600, "rack": "rack-1"}]}},
         "bgp: router w-1 has the name of another host; give each its own name"),
        ({"bgp": {"peers": [{"name": "x", "address": "2001:db8::9", "as_number": 64600, "rack": "rack-1"}]}},
         "bgp: router x has an IPv6 address (2001:db8::9), and no node has one; use one family"),
        ({"bgp": {"peers": [{"name": "x", "address": "127.0.0.9", "as_number": 64600, "rack": "rack-1"}]}},
         "bgp: router x has an address that is loopback (127.0.0.9); no node peers with it"),
        ({"bgp": {"peers": [{"name": "x", "address": "169.254.1.1", "as_number": 64600, "rack": "rack-1"}]}},
         "bgp: router x has an address that is link-local (169.254.1.1); no node peers with it"),
        ({"bgp": {"peers": [{"name": "x\n neighbor 192.0.2.9 remote-as 1", "address": "192.0.2.9", "as_number": 64600,
                             "rack": "rack-1"}]}},
         "bgp.peers.0.name: string should match pattern '^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$' (it is "
         "'x\\n neighbor 192.0.2.9 remote-as 1')"),
        ({"router": {"fabric_address": "192.0.2.3"}}, "bgp: router tor-1 has the address of w-2 (192.0.2.3)"),
        ({"router": {"fabric_address": "192.0.2.101"}}, "bgp: router tor-1 has the address of tor-1 (192.0.2.101)"),
        ({"bgp": {"cluster_id": {"cp-1": "1.1.1.1", "w-1": "2.2.2.2"}}},
         "bgp.cluster_id: all reflectors share one cluster id, such as 224.0.0.1 (it is {'cp-1': '1.1.1.1', 'w-1': '2.2.2.2'})"),
        ({"bgp": {"reflectors": ["cp-1", "w-1"]}},
         "bgp.reflectors: nodes peer with the routers of their racks, not with reflectors; remove the reflectors or the routers"),
        ({"bgp": {"password": "one\n neighbor 192.0.2.9 remote-as 1"}},
         "bgp.password: a password has no spaces and no control characters (not shown)"),
        ({"bgp": {"bfd": True, "bfd_interval": 3001}},
         "bgp.bfd_interval: three packets 3001 ms apart take longer than hold_time (9 s), so the hold timer "
         "expires before BFD detects a failure; lower it"),
        ({"bgp": {"max_prefixes": 2}},
         "bgp.max_prefixes: 3 nodes have a pod subnet each, and a session would be closed at 2; raise it"),
    ],
)  # fmt: skip
def test_each_is_refused_with_its_reason(changes: dict[str, Any], problem: str) -> None:
    assert problems(**changes) == [problem]


@pytest.mark.parametrize(
    ("bgp", "problem"),
    [
        ({"as_number": 64512, "reflectors": ["w-1"]},
         "bgp.reflectors: one reflector is a single point of failure; name two or more, or none"),
        ({"as_number": 64512, "reflectors": ["w-1", "w-1"]},
         "bgp.reflectors: one reflector is a single point of failure; name two or more, or none"),
        ({"as_number": 64512, "reflectors": ["w-1", "w-7"]},
         "bgp.reflectors: no node is called w-7; the nodes are cp-1, w-1, w-2"),
        ({"as_numbers": {"rack-1": 64513, "rack-2": 64514}, "reflectors": ["cp-1", "w-1"]},
         "bgp.reflectors: routes are reflected within one AS, and the nodes have 64513, 64514; give them one"),
    ],
)  # fmt: skip
def test_reflectors_without_routers(bgp: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidInventory) as refused:
        read_spec(hosts(bgp=bgp), groups())
    assert list(refused.value.problems) == [problem]
