"""What hosts and operator live by is never inside a range that the cluster takes for itself."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.clusters import groups, hosts
from underlay.inventory.outside_addresses import address_in

from .spec_problems import ipv6, problems_of, with_all, with_host

SERVICES = "service_subnet: 10.96.0.0/16 contains"
PODS = "pod_subnet: 10.244.0.0/16 contains"


@pytest.mark.parametrize(
    ("shared", "problem"),
    [
        ({"control_plane_endpoint": "10.96.0.20"}, f"{SERVICES} control_plane_endpoint (10.96.0.20); choose another"),
        ({"control_plane_endpoint": "10.244.3.3:6443"}, f"{PODS} control_plane_endpoint (10.244.3.3); choose another"),
        (
            {"artifacts": {"source": "mirror", "url": "https://10.96.5.5:8443/k8s"}},
            f"{SERVICES} the mirror of artifacts.url (10.96.5.5); choose another",
        ),
        (
            {"containerd": {"plugins": {"io.containerd.cri.v1.images": {"registry": {"mirrors": {
                "docker.io": {"endpoint": ["https://mirror.example", "http://10.96.0.7:5000"]}}}}}}},
            f"{SERVICES} an address of containerd (10.96.0.7); choose another",
        ),
        (
            {"containerd": {"plugins": {"io.containerd.cri.v1.images": {"registry": {"configs": {
                "10.244.0.9:5000": {"auth": {"username": "u"}}}}}}}},
            f"{PODS} an address of containerd (10.244.0.9); choose another",
        ),
        (
            {"kubelet": {"tracing": {"endpoint": "10.96.0.77:4317"}}},
            f"{SERVICES} an address of kubelet (10.96.0.77); choose another",
        ),
        (
            {"bgp": {"as_number": 64512,
                     "peers": [{"name": "tor-9", "address": "10.244.9.1", "as_number": 64600, "rack": "rack-1"}]}},
            f"{PODS} the address of tor-9 (10.244.9.1); choose another",
        ),
        (
            {"_env": {"https_proxy": "http://10.96.0.3:3128"}},
            f"{SERVICES} an address of _env of cp-1 (10.96.0.3); choose another",
        ),
        # An IPv4 address in IPv6's notation is reached as IPv4 (RFC 4291, 2.5.5.2).
        (
            {"proxy": {"http": "http://[::ffff:10.96.0.3]:3128"}},
            f"{SERVICES} the proxy of http (10.96.0.3); choose another",
        ),
        (
            {"registries": {"10.244.0.9:5000": {"endpoint": "https://mirror.example"}}},
            f"{PODS} a registry (10.244.0.9); choose another",
        ),
        (
            {"control_plane_endpoint": "192.0.2.245", "load_balancer": {"addresses": {"rack-1": ["192.0.2.240/28"]}}},
            "load_balancer.addresses.rack-1: 192.0.2.240/28 contains control_plane_endpoint (192.0.2.245); choose "
            "another",
        ),
    ],
)  # fmt: skip
def test_what_hosts_live_by_is_not_inside_the_cluster(shared: dict[str, Any], problem: str) -> None:
    assert problem in with_all(**shared)


def test_how_the_operator_reaches_a_host_is_not_inside_the_cluster() -> None:
    assert with_host("w-1", ssh_hostname="10.96.3.3") == [
        f"{SERVICES} the ssh_hostname of w-1 (10.96.3.3); choose another"
    ]
    assert with_host("w-1", ssh_hostname="198.51.100.7") == []


def test_a_router_is_not_inside_the_cluster() -> None:
    found = hosts(bgp={"as_number": 64512})
    router = {"address": "192.0.2.101", "fabric_address": "10.244.255.1", "as_number": 64601}
    found["tor-1"] = {**found["cp-1"], **router}
    assert problems_of(found, {**groups(), "routers": ("tor-1",)}) == [
        f"{PODS} the fabric_address of tor-1 (10.244.255.1); choose another"
    ]


def test_the_clusters_own_addresses_are_inside_it() -> None:
    assert with_all(kubelet={"clusterDNS": ["10.96.0.10"]}) == []


@pytest.mark.parametrize("endpoint", ["[fd00:20::9]:6443", "[fd00:10::9]"])
def test_it_is_the_same_with_ipv6(endpoint: str) -> None:
    (line,) = problems_of(ipv6(control_plane_endpoint=endpoint), groups())
    assert f"contains control_plane_endpoint ({endpoint[1:].partition(']')[0]}); choose another" in line


@pytest.mark.parametrize(
    ("shared", "problem"),
    [
        ({"pod_subnet": "127.0.0.0/16"}, "pod_subnet: 127.0.0.0/16 has addresses that are loopback (127.0.0.0/8)"),
        ({"pod_subnet": "169.254.0.0/16"}, "pod_subnet: 169.254.0.0/16 has addresses that are link-local"),
        ({"service_subnet": "224.1.0.0/16"}, "service_subnet: 224.1.0.0/16 has addresses that are multicast"),
        ({"service_subnet": "255.255.255.0/24"}, "service_subnet: 255.255.255.0/24 has addresses that are broadcast"),
        ({"pod_subnet": "0.0.0.0/8"}, "pod_subnet: 0.0.0.0/8 has addresses that are of this network alone"),
    ],
)
def test_no_subnet_is_one_that_no_packet_is_routed_to(shared: dict[str, Any], problem: str) -> None:
    (line,) = with_all(**shared)
    assert line.startswith(problem)
    assert line.endswith("; choose another")


@pytest.mark.parametrize("subnet", ["ff00::/112", "fe80:1::/112", "::/112", "::ffff:0:0/112"])
def test_no_subnet_of_ipv6_is_one_either(subnet: str) -> None:
    (line,) = problems_of(ipv6(service_subnet=subnet), groups())
    assert line.startswith(f"service_subnet: {IPv6Network(subnet)} has addresses that are ")


ADDRESSES_4 = st.ip_addresses(v=4)
SUBNETS_4 = st.integers(0, 255).map(lambda n: IPv4Network(f"10.{n}.0.0/16"))
SUBNETS_6 = st.integers(0, 2**16 - 1).map(lambda n: IPv6Network(f"fd00:{n:x}::/112"))


@given(subnet=SUBNETS_4 | SUBNETS_6, offset=st.integers(0, 2**16 - 1), pods=st.booleans())
def test_every_address_inside_is_refused(subnet: IPv4Network | IPv6Network, offset: int, *, pods: bool) -> None:
    address = subnet[offset]
    other = {4: "172.20.0.0/16", 6: "fdff:ffff:1::/112"}[subnet.version]
    if subnet.version == 6:
        pods = False
    mine, theirs = ("pod_subnet", "service_subnet") if pods else ("service_subnet", "pod_subnet")
    text = f"[{address}]" if subnet.version == 6 else str(address)
    shared = {mine: str(subnet), "control_plane_endpoint": text}
    if subnet.version == 4:
        lines = with_all(**shared, **{theirs: other})
    else:
        lines = problems_of(ipv6(**shared, pod_subnet="fdff:ffff::/48"), groups())
    assert f"{mine}: {subnet} contains control_plane_endpoint ({address}); choose another" in lines


@given(ADDRESSES_4 | st.ip_addresses(v=6))
def test_an_address_is_seen_however_it_is_written(address: Any) -> None:
    plain = f"[{address}]" if address.version == 6 else str(address)
    address = getattr(address, "ipv4_mapped", None) or address
    assert address_in(plain) == address
    for text in (plain, f"{plain}:5000", f"https://{plain}", f"http://u:p@{plain}:3128/path?q"):
        assert address_in(text) == address


@pytest.mark.parametrize("text", ["", "mirror.example", "https://mirror.example:5000", "10.244.0.0/16", "1.2.3", "::z"])
def test_what_is_no_address_is_none(text: str) -> None:
    assert address_in(text) is None
