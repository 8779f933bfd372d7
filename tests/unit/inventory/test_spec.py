"""From inventory to Spec: an ordinary inventory, and those that are as good."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network

import pytest

from tests.unit.clusters import MODES, REGISTERED_MODE, Groups, Hosts, groups, high_available, hosts, network
from underlay.inventory.spec import read_spec
from underlay.model.node import Role
from underlay.model.routes import Routes
from underlay.networks.registry import modes

from .spec_problems import problems_of, spec_of, with_all

Change = Callable[[Hosts, Groups], None]


def test_an_ordinary_inventory_becomes_a_spec() -> None:
    spec = read_spec(hosts(), groups())
    cluster = spec.cluster
    assert [(n.name, str(n.address), n.role, n.rack) for n in cluster.nodes] == [
        ("cp-1", "192.0.2.1", Role.CONTROL_PLANE, "rack-1"),
        ("w-1", "192.0.2.2", Role.WORKER, "rack-1"),
        ("w-2", "192.0.2.3", Role.WORKER, "rack-2"),
    ]
    assert (cluster.name, cluster.kubernetes_version) == ("underlay", "v1.37.2")
    assert (cluster.pod_subnet, cluster.service_subnet) == (ip_network("10.244.0.0/16"), ip_network("10.96.0.0/16"))
    assert cluster.control_plane_endpoint == "192.0.2.1:6443"
    assert (cluster.path_mtu, cluster.swap, cluster.kube_proxy_mode) == (1500, "off", "nftables")
    assert spec.network.mode == REGISTERED_MODE
    assert spec.artifacts == {"source": "upstream"}
    assert spec.verify is True


CLOUDS = {
    "AWS": {"provider": "aws", "region": "eu-central-1", "route_tables": ["rtb-1"]},
    "GCE": {"provider": "gce", "project": "p", "zones": ["europe-west3-a"], "network": "default"},
}


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_can_be_requested(mode: str) -> None:
    router = {"address": "192.0.2.101", "as_number": 64601, "rack": "rack-1"}
    bgp = {"as_number": 64512, "peers": [router]}
    made = network(mode)
    cloud = {"cloud": CLOUDS[made.traits.cloud]} if made.routes[0] is Routes.CLOUD else {}
    found = hosts(network={"mode": mode, **modes()[mode].example()}, bgp=bgp, **cloud)
    for variables in found.values():
        variables["rack"] = "rack-1"
    assert read_spec(found, groups()).network.mode == mode


def test_reading_twice_gives_the_same() -> None:
    assert read_spec(hosts(), groups()) == read_spec(hosts(), groups())


def test_variables_of_pyinfra_and_its_connectors_are_left_alone() -> None:
    assert with_all(ssh_user="root", ssh_password="hunter2", lab_node="x", vagrant_box="y", _sudo=True) == []  # noqa: S106


def test_an_address_is_known_from_the_hosts_own_name_or_its_ssh_name() -> None:
    found = {
        "192.0.2.1": {"network": {"mode": REGISTERED_MODE}},
        "w-1": {"network": {"mode": REGISTERED_MODE}, "ssh_hostname": "2001:db8::2"},
        "w-2": {"network": {"mode": REGISTERED_MODE}, "ssh_hostname": "203.0.113.9", "address": "192.0.2.3"},
    }
    nodes = {n.name: str(n.address) for n in spec_of(found, groups(control_plane=("192.0.2.1",))).cluster.nodes}
    assert nodes["192.0.2.1"] == "192.0.2.1"
    assert nodes["w-2"] == "192.0.2.3"


def test_three_control_plane_hosts_need_an_endpoint() -> None:
    assert problems_of(*high_available()) == []
    assert read_spec(*high_available()).cluster.control_plane_endpoint == "api.example.net:6443"
    assert problems_of(*high_available(control_plane_endpoint=None)) == [
        "control_plane_endpoint: is missing; 3 control-plane hosts need the address of the load balancer in front "
        "of them"
    ]


@pytest.mark.parametrize(
    ("stated", "endpoint"),
    [
        ("api.example.net", "api.example.net:6443"),
        ("api.example.net:443", "api.example.net:443"),
        ("192.0.2.100", "192.0.2.100:6443"),
        ("[2001:db8::100]", "[2001:db8::100]:6443"),
        ("[2001:db8::100]:443", "[2001:db8::100]:443"),
    ],
)
def test_an_endpoint_gets_its_port(stated: str, endpoint: str) -> None:
    assert read_spec(hosts(control_plane_endpoint=stated), groups()).cluster.control_plane_endpoint == endpoint
