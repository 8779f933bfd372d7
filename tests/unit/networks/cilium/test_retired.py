"""Names that people know and that are out of date lead to what there is; so do chart values that a mode decides."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.clusters import groups, hosts, one_rack
from tests.unit.inventory.test_spec import problems_of
from underlay.networks.cilium import retired

from .samples import MODES, cilium


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("cilium", "a data path has to be named; use cilium-vxlan, Cilium's own default"),
        ("cilium-tunnel",
         "the chart dropped it in 1.15, and ignored it without a word until 1.17; use cilium-vxlan or cilium-geneve"),
        ("cilium-host-reachable-services",
         "it is called socket LB since 1.12; use cilium-socket-lb, or socket_lb in any mode"),
    ],
)  # fmt: skip
def test_a_mode_of_old_leads_to_one_that_is_there(mode: str, told: str) -> None:
    assert problems_of(hosts(network={"mode": mode}), groups()) == [f"network.mode: {mode} is out of date; {told}"]


@pytest.mark.parametrize("name", sorted(retired.SETTINGS))
@pytest.mark.parametrize("mode", ["cilium-vxlan", "cilium-wireguard"])
def test_a_setting_of_old_leads_to_what_became_of_it(mode: str, name: str) -> None:
    problems = problems_of(hosts(network={"mode": mode, name: "vxlan"}), groups())
    assert problems == [f"network.{name}: is out of date; {retired.SETTINGS[name]}"]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"tunnel": "vxlan"},
         ["tunnel: is out of date; the chart dropped it in 1.15, and ignored it without a word until 1.17; choose cilium-vxlan, "
          "cilium-geneve or cilium-direct-routing as the mode"]),
        ({"tunnelingMode": "ipip"},
         ["tunnelingMode: is out of date; no chart ever knew it, and ignored it comes up as VXLAN; use cilium-ipip, which says what that is"]),
        ({"hostReachableServices": {"enabled": True}},
         ["hostReachableServices: is out of date; it is called socket LB since 1.12; use cilium-socket-lb, or socket_lb in any mode"]),
        ({"hostServices": {"enabled": True}},
         ["hostServices: is out of date; it is called socket LB since 1.12; use cilium-socket-lb, or socket_lb in any mode"]),
        ({"kubeProxyReplacement": "strict"},
         ["kubeProxyReplacement: 'strict' left Cilium in 1.16, where it is true or false; use True"]),
        ({"kubeProxyReplacement": True}, ["kubeProxyReplacement: is the mode's own; use kube_proxy_replacement"]),
        ({"encryption": {"strictMode": {"enabled": True}}},
         ["encryption.strictMode.enabled: is out of date; it was dropped in 1.20; use strict_encryption"]),
        ({"encryption": {"type": "ipsec"}},
         ["encryption.type: is the mode's own; use encryption, ipsec_key, node_encryption, strict_encryption"]),
        ({"routingMode": "native"}, ["routingMode: is the mode's own; use another mode"]),
        ({"ipam": {"mode": "cluster-pool"}}, ["ipam.mode: is the mode's own; use pod_subnet, which pods' addresses come from"]),
        ({"MTU": 1400}, ["MTU: is the mode's own; use path_mtu"]),
        ({"routeingMode": "native"}, ["routeingMode: unknown key; did you mean routingMode?"]),
        ({"operator": {"replica": 1}}, ["operator.replica: unknown key; did you mean operator.replicas?"]),
        ({"operator": {"replicas": "two"}}, ["operator.replicas: wrong type (it is string); use integer"]),
        ({"socketLB": {"hostNamespaceOnly": True}}, ["socketLB.hostNamespaceOnly: is the mode's own; use socket_lb_host_only"]),
        ({"loadBalancer": {"mode": "dsr", "dsrDispatch": "geneve"}, "operator": {"replicas": 1}}, []),
    ],
)  # fmt: skip
def test_chart_values_are_known_and_say_nothing_that_a_setting_says(values: dict[str, Any], told: list[str]) -> None:
    problems = cilium("cilium-vxlan", values=values).problems(one_rack())
    assert problems == [f"network.values.{line}" for line in told]


def test_values_of_a_version_whose_keys_are_not_kept_are_refused() -> None:
    assert cilium("cilium-vxlan", version="1.19", values={"debug": {"enabled": True}}).problems(one_rack()) == [
        "network.values: which keys the chart 1.19.5 knows is not kept, and it drops others without a word; use version "
        "1.20, or leave values out"
    ]
    assert cilium("cilium-vxlan", version="1.19").problems(one_rack()) == []


def test_values_have_to_be_plain_data() -> None:
    problems = problems_of(hosts(network={"mode": "cilium-vxlan", "values": {"debug": object}}), groups())
    assert len(problems) == 1
    assert problems[0].startswith("network.values: input was not a valid JSON value")


@pytest.mark.parametrize("mode", MODES)
def test_every_problem_is_told_at_once(mode: str) -> None:
    settings: dict[str, Any] = {"node_encryption": True, "encryption": "none", "socket_lb_host_only": True}
    problems = cilium(mode, **settings, socket_lb=None, kube_proxy_replacement=False).problems(one_rack())
    assert len(problems) >= 2
    assert all(p.startswith("network.") and "; " in p for p in problems)
