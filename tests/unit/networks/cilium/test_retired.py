"""Names that are out of date are reported with their replacement; so are chart values that a mode sets."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.clusters import groups, hosts, one_rack
from tests.unit.inventory.spec_problems import problems_of
from underlay.networks.cilium import retired

from .samples import MODES, cilium


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("cilium", "a mode has a data path in its name; use cilium-vxlan, Cilium's default"),
        ("cilium-tunnel",
         "the chart dropped it in 1.15, and silently ignored it until 1.17; use cilium-vxlan or cilium-geneve"),
        ("cilium-host-reachable-services",
         "it is called socket LB since 1.12; use cilium-socket-lb, or socket_lb in any mode"),
    ],
)  # fmt: skip
def test_an_out_of_date_mode_is_reported_with_its_replacement(mode: str, expected: str) -> None:
    assert problems_of(hosts(network={"mode": mode}), groups()) == [f"network.mode: {mode} is out of date; {expected}"]


@pytest.mark.parametrize("name", sorted(retired.SETTINGS))
@pytest.mark.parametrize("mode", ["cilium-vxlan", "cilium-wireguard"])
def test_an_out_of_date_setting_is_reported_with_its_replacement(mode: str, name: str) -> None:
    problems = problems_of(hosts(network={"mode": mode, name: "vxlan"}), groups())
    assert problems == [f"network.{name}: is out of date; {retired.SETTINGS[name]}"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"tunnel": "vxlan"},
         ["tunnel: is out of date; the chart dropped it in 1.15, and silently ignored it until 1.17; choose cilium-vxlan, "
          "cilium-geneve or cilium-direct-routing as the mode"]),
        ({"tunnelingMode": "ipip"},
         ["tunnelingMode: is out of date; no chart ever supported it: it is ignored, and VXLAN used; use cilium-ipip"]),
        ({"hostReachableServices": {"enabled": True}},
         ["hostReachableServices: is out of date; it is called socket LB since 1.12; use cilium-socket-lb, or socket_lb in any mode"]),
        ({"hostServices": {"enabled": True}},
         ["hostServices: is out of date; it is called socket LB since 1.12; use cilium-socket-lb, or socket_lb in any mode"]),
        ({"kubeProxyReplacement": "strict"},
         ["kubeProxyReplacement: 'strict' is not supported since Cilium 1.16, which has true and false only; use True"]),
        ({"kubeProxyReplacement": True}, ["kubeProxyReplacement: is set by the mode; use kube_proxy_replacement"]),
        ({"encryption": {"strictMode": {"enabled": True}}},
         ["encryption.strictMode.enabled: is out of date; it was dropped in 1.20; use strict_encryption"]),
        ({"encryption": {"type": "ipsec"}},
         ["encryption.type: is set by the mode; use encryption, ipsec_key, node_encryption, strict_encryption"]),
        ({"routingMode": "native"}, ["routingMode: is set by the mode; use another mode"]),
        ({"ipam": {"mode": "cluster-pool"}}, ["ipam.mode: is set by the mode; use pod_subnet, from which pods get their addresses"]),
        ({"MTU": 1400}, ["MTU: is set by the mode; use path_mtu"]),
        ({"routeingMode": "native"}, ["routeingMode: unknown key; did you mean routingMode?"]),
        ({"operator": {"replica": 1}}, ["operator.replica: unknown key; did you mean operator.replicas?"]),
        ({"operator": {"replicas": "two"}}, ["operator.replicas: wrong type (it is string); use integer"]),
        ({"socketLB": {"hostNamespaceOnly": True}}, ["socketLB.hostNamespaceOnly: is set by the mode; use socket_lb_host_only"]),
        ({"loadBalancer": {"mode": "dsr", "dsrDispatch": "geneve"}, "operator": {"replicas": 1}}, []),
    ],
)  # fmt: skip
def test_chart_values_are_known_keys_that_no_setting_determines(values: dict[str, Any], expected: list[str]) -> None:
    problems = cilium("cilium-vxlan", values=values).problems(one_rack())
    assert problems == [f"network.values.{line}" for line in expected]


def test_values_of_a_version_whose_keys_are_not_listed_are_refused() -> None:
    assert cilium("cilium-vxlan", version="1.19", values={"debug": {"enabled": True}}).problems(one_rack()) == [
        "network.values: the keys of this chart are not listed, and it silently ignores unknown ones (it is 1.19.5); "
        "use version 1.20, or remove values"
    ]
    assert cilium("cilium-vxlan", version="1.19").problems(one_rack()) == []


def test_values_have_to_be_plain_data() -> None:
    problems = problems_of(hosts(network={"mode": "cilium-vxlan", "values": {"debug": object}}), groups())
    assert len(problems) == 1
    assert problems[0].startswith("network.values: input was not a valid JSON value")


@pytest.mark.parametrize("mode", MODES)
def test_every_problem_is_reported_at_once(mode: str) -> None:
    settings: dict[str, Any] = {"node_encryption": True, "encryption": "none", "socket_lb_host_only": True}
    problems = cilium(mode, **settings, socket_lb=None, kube_proxy_replacement=False).problems(one_rack())
    assert len(problems) >= 2
    assert all(p.startswith("network.") and "; " in p for p in problems)
