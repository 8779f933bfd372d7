"""Variables that cannot be used are refused, all at once, a line each."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.clusters import MODES, REGISTERED_MODE, groups, hosts

from .spec_problems import ADDRESS, ALL_MODES, ENDPOINT, SUBNET, VERSIONS, problems_of, with_all


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
                "kube_proxy, kubelet, kubernetes_version, load_balancer, network, network_policy, path_mtu, pod_subnet, "
                "pod_subnet_v6, proxy, rack, registries, rollout, routes, service_subnet, service_subnet_v6, swap, "
                "tunnel_offload, verify"
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
        ({"kubernetes_version": "v1.37.02"}, ["kubernetes_version: a version looks like v1.37.2 (it is 'v1.37.02')"]),
        ({"kubernetes_version": "v1.37.2\n"}, ["kubernetes_version: a version looks like v1.37.2 (it is 'v1.37.2\\n')"]),
        ({"ignore_preflight_errors": ["Memory"]},
         ["ignore_preflight_errors: kubeadm has no check 'Memory'; did you mean Mem? (it is ['Memory'])"]),
        ({"ignore_preflight_errors": ["all", "Swap"]},
         ["ignore_preflight_errors: kubeadm takes no other check beside all; leave the others out (it is "
          "['all', 'Swap'])"]),
        ({"ignore_preflight_errors": ["DirAvailable--var-lib-etcd", "port-10250", "numcpu"]}, []),
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


def test_a_finding_that_is_accepted_is_one_that_there_is_and_has_a_reason() -> None:
    assert with_all(accepted={"disk-slow": "a lab"}) == []
    [line] = with_all(accepted={"disc-slow": "a lab"})
    assert "there is no finding disc-slow; did you mean disk-slow?" in line
    [line] = with_all(accepted={"disk-slow": " "})
    assert "disk-slow is accepted without a reason" in line
    [line] = with_all(accepted={"disk-slow": "a lab\n[x] all is well"})
    assert "the reason to accept disk-slow is no line of text" in line
    [line] = with_all(accepted={"unanswered": "it will be fine"})
    assert "unanswered cannot be accepted: no deploy can go on with it" in line
