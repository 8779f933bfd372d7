"""What all modes of Weave share: an untested Kubernetes, their objects, their prerequisites."""

from __future__ import annotations

import json
from ipaddress import ip_network
from typing import Any

import pytest
from pydantic import SecretStr

from tests.unit.clusters import cluster, dual_stack, groups, hosts, node, one_rack
from underlay.model.prerequisites import Port
from underlay.model.traits import Status
from underlay.networks.registry import modes
from underlay.networks.weave.encrypted import WeaveEncrypted
from underlay.networks.weave.fast_datapath import WeaveFastDatapath
from underlay.networks.weave.sleeve import WeaveSleeve
from underlay.networks.weave.weave import Weave
from underlay.resources.kernel_module import KernelModule

from .samples import KEYED, PASSWORD, agent, containers, of, variables

MODES = [name for name in modes() if name.startswith("weave-")]


def test_every_data_path_is_a_mode() -> None:
    assert MODES == ["weave-encrypted", "weave-fast-datapath", "weave-sleeve"]


@pytest.mark.parametrize("mode", MODES)
def test_an_untested_kubernetes_is_refused_until_accepted(mode: str) -> None:
    problem = (
        "network.accept_untested_kubernetes: Weave 2.9.0 is not known to work with Kubernetes after 1.29 (it is v1.37.2); "
        "choose a mode of another plugin, or set it to True to try"
    )
    assert of(mode, accept_untested_kubernetes=False).problems(cluster()) == [problem]
    assert of(mode, accept_untested_kubernetes=False).problems(cluster(kubernetes_version="v1.29.15")) == []
    assert of(mode).problems(cluster()) == []


def test_is_refused_from_the_inventory_alone() -> None:
    from tests.unit.inventory.spec_problems import problems_of  # noqa: PLC0415

    assert problems_of(hosts(network={"mode": "weave-sleeve", "password": "short", "mtu": 9}), groups()) == [
        "network.password: a password has 16 characters or more; generate one with `openssl rand -hex 16` (not shown)",
        "network.mtu: is out of date; it is derived from path_mtu and the mode's overhead",
    ]
    assert problems_of(hosts(mode="weave-net"), groups()) == [
        "network.mode: weave-net is out of date; a mode is a plugin and a data path; use weave-fast-datapath"
    ]


@pytest.mark.parametrize("mode", MODES)
def test_ipv6_is_refused(mode: str) -> None:
    assert of(mode).problems(dual_stack()) == [
        f"network.mode: {mode} carries IPv4 only (a pod subnet is fd00:10:244::/56); "
        "remove the IPv6 subnets, or choose a mode of another plugin"
    ]


@pytest.mark.parametrize(
    ("kube_proxy", "problem"),
    [
        ({}, []),
        ({"clusterCIDR": "10.244.0.0/16"}, []),
        (
            {"clusterCIDR": "10.32.0.0/12"},
            [
                "kube_proxy.clusterCIDR: differs from pod_subnet, which Weave assigns addresses of (it is 10.32.0.0/12); "
                "remove it"
            ],
        ),
        (
            {"mode": "iptables", "iptables": {"masqueradeAll": True}},
            ["kube_proxy: masqueradeAll hides the source of requests from weave-npc; remove it"],
        ),
    ],
)
def test_an_incompatible_kube_proxy_is_refused(kube_proxy: dict[str, Any], problem: list[str]) -> None:
    assert of("weave-fast-datapath").problems(cluster(kube_proxy=kube_proxy)) == problem


def test_its_status_is_legacy() -> None:
    traits = of("weave-sleeve").traits
    assert traits.status is Status.LEGACY
    assert traits.warning.startswith("legacy: a fork of 2024")


@pytest.mark.parametrize(
    ("made", "environment"),
    [
        (of("weave-fast-datapath"), {"WEAVE_MTU": "1416"}),
        (of("weave-encrypted"), {"WEAVE_MTU": "1416"}),
        (of("weave-sleeve"), {"WEAVE_MTU": "1376", "WEAVE_NO_FASTDP": "true"}),
    ],
)
def test_the_agent_gets_the_settings(made: Weave, environment: dict[str, str]) -> None:
    assert variables(agent(made)) == {
        "INIT_CONTAINER": "true",
        "CHECKPOINT_DISABLE": "1",
        "IPALLOC_RANGE": "10.244.0.0/16",
        "CONN_LIMIT": "200",
        "IPTABLES_BACKEND": "nft",
        "EXPECT_NPC": "1",
        **environment,
    }


def test_every_container_writes_to_the_same_backend_of_iptables() -> None:
    made = of("weave-fast-datapath", iptables_backend="legacy")
    assert {variables(c)["IPTABLES_BACKEND"] for c in containers(made).values()} == {"legacy"}
    assert {"iptable_filter", "iptable_nat", "iptable_mangle", "iptable_raw"} < set(made.modules())


def test_more_nodes_than_an_agent_connects_to_raise_its_limit() -> None:
    nodes = tuple(node(f"n-{i}", i % 250 + 1, prefix=f"198.18.{i // 250}.") for i in range(201))
    assert of("weave-sleeve").environment(cluster(nodes=nodes))["CONN_LIMIT"] == "201"


def test_policies_can_be_left_out() -> None:
    made = of("weave-fast-datapath", network_policy=False)
    assert set(containers(made)) == {"weave-init", "weave"}
    assert variables(agent(made))["EXPECT_NPC"] == "0"
    assert made.traits.policy == ""
    assert "xt_set" not in made.modules()
    assert of("weave-fast-datapath").traits.policy == "weave-npc"


def test_the_password_is_kept_in_a_secret_and_nowhere_else() -> None:
    made = WeaveEncrypted(**KEYED)
    objects = made.addon(one_rack()).objects
    assert objects[0] == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "weave-passwd", "namespace": "kube-system"},
        "stringData": {"weave-passwd": PASSWORD},
    }
    assert PASSWORD not in json.dumps(objects[1:])
    assert PASSWORD not in repr(made)
    reference = {"secretKeyRef": {"name": "weave-passwd", "key": "weave-passwd"}}
    assert {"name": "WEAVE_PASSWORD", "valueFrom": reference} in agent(made)["env"]
    assert "Secret" not in [o["kind"] for o in of("weave-fast-datapath").addon(one_rack()).objects]


def test_a_changed_password_replaces_the_agents() -> None:
    def annotations(password: str) -> dict[str, str]:
        made = WeaveEncrypted(accept_untested_kubernetes=True, password=SecretStr(password))
        daemon_set = next(o for o in made.addon(one_rack()).objects if o["kind"] == "DaemonSet")
        return dict(daemon_set["spec"]["template"]["metadata"]["annotations"])

    assert annotations(PASSWORD) == annotations(PASSWORD)
    assert annotations(PASSWORD) != annotations(PASSWORD[::-1])


def test_ports_of_control_and_of_data() -> None:
    control = Port("tcp", 6783, "Weave control")
    data = Port("udp", 6783, "Weave fast datapath, and sleeve", last=6784)
    esp = Port("esp", 0, "Weave fast datapath, encrypted")
    for made, ports in (
        (of("weave-fast-datapath"), (control, data)),
        (of("weave-encrypted"), (control, data, esp)),
        (of("weave-sleeve"), (control, Port("udp", 6783, "Weave sleeve"))),
    ):
        assert made.prerequisites(cluster()).ports == ports


@pytest.mark.parametrize(
    ("made", "expected", "unexpected"),
    [
        (of("weave-fast-datapath"), {"openvswitch", "vxlan", "dummy"}, {"esp4", "xfrm_user"}),
        (of("weave-encrypted"), {"openvswitch", "vxlan", "dummy", "esp4", "xfrm_user"}, set()),
        (of("weave-sleeve"), {"dummy"}, {"openvswitch", "vxlan", "esp4", "xfrm_user"}),
        (WeaveSleeve(**KEYED), {"dummy"}, {"openvswitch", "vxlan", "esp4", "xfrm_user"}),
    ],
)
def test_hosts_need_the_data_paths_modules_and_no_more(made: Weave, expected: set[str], unexpected: set[str]) -> None:
    modules = {r.module for r in made.prerequisites(cluster()).resources if isinstance(r, KernelModule)}
    assert expected | {"ip_set", "xt_set", "xt_physdev"} == modules
    assert not modules & unexpected


def test_a_password_makes_the_fast_datapath_what_the_encrypted_mode_is() -> None:
    one, other = WeaveFastDatapath(**KEYED), WeaveEncrypted(**KEYED)
    assert one.addon(one_rack()) == other.addon(one_rack())
    assert one.prerequisites(one_rack()) == other.prerequisites(one_rack())
    assert [(c.name, c.node, c.command) for c in one.checks(one_rack())] == [
        (c.name, c.node, c.command) for c in other.checks(one_rack())
    ]


def test_pod_subnets_of_another_size_are_assigned_too() -> None:
    made = of("weave-fast-datapath")
    assert made.environment(cluster(pod_subnet=ip_network("10.32.0.0/12")))["IPALLOC_RANGE"] == "10.32.0.0/12"
