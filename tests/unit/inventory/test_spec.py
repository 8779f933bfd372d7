"""From inventory to Spec: one ordinary inventory, one thing wrong with it, and every line that is reported."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from tests.unit.clusters import MODES, REGISTERED_MODE, Groups, Hosts, groups, high_available, hosts, network
from underlay.inventory.errors import InvalidInventory, nearest, show
from underlay.inventory.spec import Spec, read_spec
from underlay.model.node import Role
from underlay.model.routes import Routes
from underlay.networks.registry import modes

Change = Callable[[Hosts, Groups], None]


def problems_of(found: Hosts, members: Groups) -> list[str]:
    """The lines an inventory is refused with; none when it is not."""
    try:
        read_spec(found, members)
    except InvalidInventory as error:
        return list(error.problems)
    return []


def with_all(**shared: Any) -> list[str]:
    return problems_of(hosts(**shared), groups())


def with_host(name: str, **own: Any) -> list[str]:
    found = hosts()
    found[name] |= own
    return problems_of(found, groups())


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


def spec_of(found: Hosts, members: Groups) -> Spec:
    found = {name: v for name, v in found.items() if name != "w-1"} if "192.0.2.1" in found else found
    members = {name: tuple(h for h in group if h in found) for name, group in members.items()}
    return read_spec(found, members)


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


VERSIONS = "supported are v1.35.x, v1.36.x, v1.37.x"
ENDPOINT = "an endpoint is a host name or an address, with :port if it is not 6443"
ADDRESS = "an address looks like 192.0.2.1 or 2001:db8::1"
SUBNET = "a subnet looks like 10.244.0.0/16 or fd00:10::/48"
ALL_MODES = ", ".join(MODES)


@pytest.mark.parametrize(
    ("shared", "problems"),
    [
        ({"pod_subnt": "x"}, ["pod_subnt: unknown variable 'pod_subnt'; did you mean pod_subnet?"]),
        ({"podSubnet": "x"}, ["podSubnet: unknown variable 'podSubnet'; did you mean pod_subnet?"]),
        ({"POD-SUBNET": "x"}, ["POD-SUBNET: unknown variable 'POD-SUBNET'; did you mean pod_subnet?"]),
        ({"adress": "192.0.2.9"}, ["adress: unknown variable 'adress'; did you mean address?"]),
        (
            {"xyzzy": 1},
            [
                "xyzzy: unknown variable 'xyzzy'; known are accepted, address, address_v6, artifacts, as_number, bgp, "
                "cloud, cluster_name, containerd, control_plane_endpoint, fabric_address, ignore_preflight_errors, "
                "kube_proxy, kubelet, kubernetes_version, load_balancer, network, path_mtu, pod_subnet, pod_subnet_v6, "
                "rack, routes, service_subnet, service_subnet_v6, swap, tunnel_offload, verify"
            ],
        ),
        ({"network": {}}, [f"network.mode: is missing; choose one of {ALL_MODES}"]),
        ({"network": {"mode": None}}, [f"network.mode: is missing; choose one of {ALL_MODES}"]),
        ({"network": REGISTERED_MODE}, [f"network: input should be a valid dictionary (it is '{REGISTERED_MODE}')"]),
        ({"network": None}, ["network: input should be a valid dictionary (it is None)"]),
        (
            {"network": {"mode": REGISTERED_MODE[:-1]}},
            [f"network.mode: unknown mode '{REGISTERED_MODE[:-1]}'; did you mean {REGISTERED_MODE}?"],
        ),
        (
            {"network": {"mode": REGISTERED_MODE.title()}},
            [f"network.mode: unknown mode '{REGISTERED_MODE.title()}'; did you mean {REGISTERED_MODE}?"],
        ),
        (
            {"network": {"mode": REGISTERED_MODE.replace("-", "_")}},
            [f"network.mode: unknown mode '{REGISTERED_MODE.replace('-', '_')}'; did you mean {REGISTERED_MODE}?"],
        ),
        ({"network": {"mode": "xyzzy"}}, [f"network.mode: unknown mode 'xyzzy'; known are {ALL_MODES}"]),
        ({"pod_subnet": "10.244.0.0/33"}, [f"pod_subnet: {SUBNET} (it is '10.244.0.0/33')"]),
        ({"pod_subnet": "10.244.0.1/16"}, ["pod_subnet: a subnet has no host bits set; did you mean 10.244.0.0/16? (it is "
                                           "'10.244.0.1/16')"]),
        ({"pod_subnet": True}, [f"pod_subnet: {SUBNET} (it is True)"]),
        ({"pod_subnet": "a subnet"}, [f"pod_subnet: {SUBNET} (it is 'a subnet')"]),
        (
            {"pod_subnet": "10.244.0.0/23"},
            [
                "pod_subnet: 10.244.0.0/23 has room for 2 nodes of a /24 each, and there are 3; use a larger one",
            ],
        ),
        (
            {"pod_subnet": "10.244.0.0/25"},
            ["pod_subnet: 10.244.0.0/25 has room for 0 nodes of a /24 each, and there are 3; use a larger one"],
        ),
        (
            {"pod_subnet": "10.0.0.0/7"},
            [
                "service_subnet: 10.96.0.0/16 overlaps pod_subnet 10.0.0.0/7; choose another",
                "pod_subnet: 10.0.0.0/7 is too large for nodes of a /24 each; use a /8 or smaller",
            ],
        ),
        (
            {"service_subnet": "10.244.128.0/20"},
            ["service_subnet: 10.244.128.0/20 overlaps pod_subnet 10.244.0.0/16; choose another"],
        ),
        (
            {"service_subnet": "10.96.0.0/29"},
            ["service_subnet: 10.96.0.0/29 is too small (DNS is its tenth address); use a /24"],
        ),
        (
            {"service_subnet": "172.16.0.0/11", "pod_subnet": "10.244.0.0/16"},
            ["service_subnet: a subnet has no host bits set; did you mean 172.0.0.0/11? (it is '172.16.0.0/11')"],
        ),
        (
            {"service_subnet": "172.0.0.0/11"},
            ["service_subnet: 172.0.0.0/11 is too large; use a /12 or smaller"],
        ),
        (
            {"service_subnet": "192.0.2.0/24"},
            [
                "service_subnet: 192.0.2.0/24 contains the address of cp-1 (192.0.2.1); choose another",
                "service_subnet: 192.0.2.0/24 contains the address of w-1 (192.0.2.2); choose another",
                "service_subnet: 192.0.2.0/24 contains the address of w-2 (192.0.2.3); choose another",
            ],
        ),
        (
            {"pod_subnet": "fd00:10::/48"},
            ["pod_subnet: fd00:10::/48 is IPv6, and the address of cp-1 is IPv4 (192.0.2.1); use one family"],
        ),
        (
            {"kubernetes_version": "v1.34.9"},
            [f"kubernetes_version: unsupported version; {VERSIONS} (it is 'v1.34.9')"],
        ),
        ({"kubernetes_version": "1.37.2"}, ["kubernetes_version: a version looks like v1.37.2 (it is '1.37.2')"]),
        ({"kubernetes_version": "v1.37"}, ["kubernetes_version: a version looks like v1.37.2 (it is 'v1.37')"]),
        ({"kubernetes_version": "v1.37.٢"}, ["kubernetes_version: a version looks like v1.37.2 (it is 'v1.37.٢')"]),
        ({"kubernetes_version": 1.37}, ["kubernetes_version: input should be a valid string (it is 1.37)"]),
        ({"path_mtu": 500}, ["path_mtu: input should be greater than or equal to 1280 (it is 500)"]),
        ({"path_mtu": "big"}, ["path_mtu: input should be a valid integer, unable to parse string as an integer "
                               "(it is 'big')"]),
        ({"swap": "on"}, ["swap: input should be 'off' or 'keep' (it is 'on')"]),
        ({"verify": "perhaps"}, ["verify: input should be a valid boolean, unable to interpret input (it is "
                                 "'perhaps')"]),
        ({"kube_proxy": {"mode": "ebpf"}}, ["kube_proxy: kube_proxy mode is one of nftables, iptables, ipvs (it is "
                                            "{'mode': 'ebpf'})"]),
        ({"control_plane_endpoint": "https://api"}, [f"control_plane_endpoint: {ENDPOINT} (it is 'https://api')"]),
        ({"control_plane_endpoint": "2001:db8::1"}, [f"control_plane_endpoint: {ENDPOINT} (it is '2001:db8::1')"]),
        ({"control_plane_endpoint": "api:99999"}, [f"control_plane_endpoint: {ENDPOINT} (it is 'api:99999')"]),
        ({"artifacts": {"source": "ftp"}}, ["artifacts: source is one of upstream, mirror, bundle (it is "
                                            "{'source': 'ftp'})"]),
        ({"artifacts": {"source": []}}, ["artifacts: source is one of upstream, mirror, bundle (it is "
                                         "{'source': []})"]),
        ({"artifacts": {"source": "mirror"}}, ["artifacts: source \"mirror\" needs \"url\" (it is "
                                               "{'source': 'mirror'})"]),
        ({"artifacts": {"source": "upstream", "url": "x"}}, ["artifacts: source \"upstream\" does not know url (it "
                                                             "is {'source': 'upstream', 'url': 'x'})"]),
        ({"cluster_name": "My Cluster"}, ["cluster_name: string should match pattern "
                                          "'^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$' (it is 'My Cluster')"]),
    ],
)  # fmt: skip
def test_one_bad_variable_is_one_line(shared: dict[str, Any], problems: list[str]) -> None:
    assert with_all(**shared) == problems


def test_without_a_network_there_is_nothing_to_deploy() -> None:
    found = hosts()
    for variables in found.values():
        del variables["network"]
    assert problems_of(found, groups()) == ["network: is missing; set it"]


@pytest.mark.parametrize("mode", MODES)
def test_a_setting_that_a_mode_does_not_know_is_reported(mode: str) -> None:
    found = hosts(network={"mode": mode, "xyzzy": 1})
    for variables in found.values():
        variables["rack"] = "rack-1"
    problems = problems_of(found, groups())
    assert len(problems) == 1
    assert problems[0].startswith("network.xyzzy: unknown variable 'xyzzy'; ")
    assert not problems[0].endswith(("; ", "are "))


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


def without(found: Hosts, *names: str) -> Hosts:
    return {name: v for name, v in found.items() if name not in names}


NO_CONTROL_PLANE = "control_plane: the group is missing or empty; a cluster needs one control-plane host, or three"


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


def test_reports_every_problem_at_once() -> None:
    found = hosts(
        pod_subnet="192.0.2.0/24",
        service_subnet="192.0.2.0/28",
        network={"mode": "xyzzy"},
        kubernetes_version="1.2",
        pod_subnt="x",
        path_mtu=1,
    )
    found["w-1"]["address"] = "192.0.2.1"
    found["w-2"]["address"] = "nowhere"
    found["stray"] = dict(found["cp-1"], address="192.0.2.9")
    assert problems_of(found, groups(workers=("w-1", "w-2", "cp-1"))) == [
        "pod_subnt: unknown variable 'pod_subnt'; did you mean pod_subnet?",
        "kubernetes_version: a version looks like v1.37.2 (it is '1.2')",
        "path_mtu: input should be greater than or equal to 1280 (it is 1)",
        f"hosts.w-2.address: {ADDRESS} (it is 'nowhere')",
        "workers.cp-1: the host is listed twice; a host has one role",
        "hosts.stray: is in no group with a role; put it in control_plane, workers or routers",
        f"network.mode: unknown mode 'xyzzy'; known are {ALL_MODES}",
        "hosts.w-1.address: 192.0.2.1 is also cp-1's; give every host its own",
        "service_subnet: 192.0.2.0/28 overlaps pod_subnet 192.0.2.0/24; choose another",
        "pod_subnet: 192.0.2.0/24 contains the address of cp-1 (192.0.2.1); choose another",
        "pod_subnet: 192.0.2.0/24 contains the address of w-1 (192.0.2.1); choose another",
        "service_subnet: 192.0.2.0/28 contains the address of cp-1 (192.0.2.1); choose another",
        "service_subnet: 192.0.2.0/28 contains the address of w-1 (192.0.2.1); choose another",
        "pod_subnet: 192.0.2.0/24 has room for 1 nodes of a /24 each, and there are 2; use a larger one",
    ]


@pytest.mark.parametrize(
    ("shared", "named"),
    [
        ({"ssh_password": "hunter2"}, ""),
        ({"my_password": "hunter2"}, "my_password"),
        ({"artifacts": {"source": "mirror", "url": "u", "password": "hunter2"}}, "password"),
        ({"artifacts": {"source": "ftp", "url": "https://joe:hunter2@mirror.example"}}, "source"),
        ({"kube_proxy": {"mode": "x", "nested": {"apiToken": "hunter2"}}}, "mode"),
        ({"kube_proxy": {"mode": "x", "nested": [{"secret_key": ["hunter2"]}]}}, "mode"),
        ({"kubelet": [{"password": "hunter2"}]}, "kubelet"),
        ({"network": {"mode": REGISTERED_MODE, "pre_shared_key": "hunter2"}}, "pre_shared_key"),
    ],
)
def test_secrets_are_named_and_never_shown(shared: dict[str, Any], named: str) -> None:
    text = "\n".join(with_all(**shared))
    assert "hunter2" not in text
    assert named in text


def test_secrets_that_differ_between_hosts_are_not_shown() -> None:
    found = hosts(artifacts={"source": "mirror", "url": "https://joe:hunter2@mirror.example"})
    found["w-1"]["artifacts"] = {"source": "mirror", "url": "https://joe:hunter3@mirror.example"}
    text = "\n".join(problems_of(found, groups()))
    assert "artifacts: differs between hosts" in text
    assert "hunter" not in text


def ipv6(**shared: Any) -> Hosts:
    found = hosts(**{"pod_subnet": "fd00:10::/48", "service_subnet": "fd00:20::/112", **shared})
    for i, variables in enumerate(found.values(), start=1):
        variables["address"] = f"2001:db8::{i}"
    return found


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


@pytest.mark.parametrize(
    ("name", "known", "found"),
    [
        ("pod_subnt", ["pod_subnet", "service_subnet"], "pod_subnet"),
        ("PodSubnet", ["pod_subnet", "service_subnet"], "pod_subnet"),
        ("xyzzy", ["pod_subnet"], None),
        ("", ["pod_subnet"], None),
        ("x", [], None),
    ],
)
def test_the_nearest_name_is_found_however_it_is_written(name: str, known: list[str], found: str | None) -> None:
    assert nearest(name, known) == found


class Unspeakable:
    """A value whose representation fails."""

    def __repr__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    "value",
    ["x" * 1000, "a\nb\0c\x1b[31m", "\ud800", 10**5000, Unspeakable(), [[[[[[[]]]]]]], {1: 2}],
    ids=["long", "control characters", "surrogate", "huge", "unspeakable", "deep", "odd key"],
)
def test_any_value_is_shown_in_one_short_line(value: object) -> None:
    text = show(value)
    assert len(text) <= 60
    assert text.isprintable()


def test_every_line_is_one_line_of_printable_text() -> None:
    found = hosts(**{"bad\nname": 1})
    found["w\x1b[31m\n"] = found.pop("w-2")
    for line in problems_of(found, groups(workers=("w-1", "w\x1b[31m\n"))):
        assert line.isprintable()


def test_a_finding_that_is_accepted_is_one_that_there_is_and_has_a_reason() -> None:
    assert with_all(accepted={"disk-slow": "a lab"}) == []
    [line] = with_all(accepted={"disc-slow": "a lab"})
    assert "there is no finding disc-slow; did you mean disk-slow?" in line
    [line] = with_all(accepted={"disk-slow": " "})
    assert "disk-slow is accepted without a reason" in line
