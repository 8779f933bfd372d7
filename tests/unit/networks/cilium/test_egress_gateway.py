"""Policies of the egress gateway: as Kubernetes objects, and their conflicts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.clusters import dual_stack, one_rack

from .samples import POLICY, check, cilium

NAME = "address of egress policy fixed"


def gateway(*policies: dict[str, Any]) -> Any:
    return cilium("cilium-egress-gateway", egress_policies=list(policies))


def test_a_policy_is_an_object_applied_after_the_chart() -> None:
    addon = gateway({**POLICY, "namespaces": {"team": "pay"}, "excluded": ["198.51.100.0/24"]}).addon(one_rack())
    assert addon.after == (
        {
            "apiVersion": "cilium.io/v2",
            "kind": "CiliumEgressGatewayPolicy",
            "metadata": {"name": "fixed"},
            "spec": {
                "selectors": [
                    {
                        "podSelector": {"matchLabels": {"egress": "fixed"}},
                        "namespaceSelector": {"matchLabels": {"team": "pay"}},
                    }
                ],
                "destinationCIDRs": ["0.0.0.0/0"],
                "excludedCIDRs": ["198.51.100.0/24"],
                "egressGateway": {
                    "nodeSelector": {"matchLabels": {"kubernetes.io/hostname": "w-1"}},
                    "egressIP": "192.0.2.200",
                },
            },
        },
    )


def test_a_policy_for_all_pods_selects_all_and_leaves_the_address_to_the_gateway() -> None:
    (policy,) = gateway({"name": "all", "gateway": "w-1"}).addon(one_rack()).after
    assert policy["spec"]["selectors"] == [{"podSelector": {}}]
    assert policy["spec"]["egressGateway"] == {"nodeSelector": {"matchLabels": {"kubernetes.io/hostname": "w-1"}}}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"gateway": "w-9"}, "has an unknown gateway (it is w-9); use one of cp-1, w-1, w-2"),
        ({"destinations": ["2001:db8::/32"], "address": None},
         "contains 2001:db8::/32, and pods have no IPv6; remove it"),
        ({"address": "10.244.0.9"}, "has the address 10.244.0.9 of 10.244.0.0/16; choose an address of the gateway"),
    ],
)  # fmt: skip
def test_a_conflict_of_a_policy_is_reported(changes: dict[str, Any], expected: str) -> None:
    assert gateway({**POLICY, **changes}).problems(one_rack()) == [f"network.egress_policies: fixed {expected}"]


def test_an_address_needs_a_destination_of_its_family() -> None:
    assert gateway({**POLICY, "address": "2001:db8::9"}).problems(dual_stack()) == [
        "network.egress_policies: fixed has an IPv6 address and no such destination; add one, or change it"
    ]


def test_two_policies_with_one_name_are_reported() -> None:
    assert gateway(POLICY, POLICY).problems(one_rack()) == [
        "network.egress_policies: fixed exists twice; give each policy a unique name"
    ]


def test_the_gateway_has_to_have_the_address() -> None:
    made = gateway(POLICY)
    judge = check(made, one_rack(), NAME, node="w-1").judge
    link = {"ifname": "eth0", "addr_info": [{"family": "inet", "local": "192.0.2.2", "prefixlen": 24}]}
    assert judge(json.dumps([link])) == "192.0.2.200 is on no link: packets with this source address are dropped"
    link["addr_info"].append({"family": "inet", "local": "192.0.2.200", "prefixlen": 32})
    assert judge(json.dumps([link])) is None


def test_native_routing_has_an_additional_tunnel_to_the_gateway() -> None:
    made = cilium("cilium-egress-gateway", routing="native")
    assert made.links(one_rack()) == ("cilium_vxlan",)
    assert [p.number for p in made.prerequisites(one_rack()).ports] == [8472, 4240, 0]
    release = made.addon(one_rack()).release
    assert (release.values["tunnelProtocol"], release.values["tunnelPort"]) == ("vxlan", 8472)
    assert release.values["routingMode"] == "native"
