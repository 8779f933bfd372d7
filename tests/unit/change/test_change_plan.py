"""A change in words: by what the two networks say of themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.clusters import spec
from underlay.change.change_plan import ChangePlan, obstacles, text_of
from underlay.change.change_record import (
    ChangeRecord,
    has_secrets,
    is_same,
    read_change,
    variables_of,
    with_stand_ins,
)
from underlay.change.strategy import Strategy, strategy
from underlay.model.routes import Routes
from underlay.networks.registry import modes

BRIDGED = ("flannel-vxlan", "flannel-host-gw", "flannel-udp", "flannel-ipip", "flannel-wireguard", "routed")


@pytest.mark.parametrize("old", BRIDGED)
@pytest.mark.parametrize("new", BRIDGED)
def test_networks_with_the_same_bridge_take_pods_over(old: str, new: str) -> None:
    assert strategy(spec(old).network, spec(new).network) is Strategy.LIVE
    assert obstacles(spec(old), spec(new)) == []


@pytest.mark.parametrize(("old", "new"), [("none", "routed"), ("flannel-vxlan", "none")])
def test_without_a_network_on_one_side_pods_begin_anew(old: str, new: str) -> None:
    assert strategy(spec(old).network, spec(new).network) is Strategy.AT_ONCE
    assert obstacles(spec(old), spec(new)) == []


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("flannel-vxlan", "calico-vxlan", "calico-vxlan is installed by charts, and a change to it is not made yet"),
        ("cilium-vxlan", "none", "cilium-vxlan is installed by charts, and a change from it is not made yet"),
        ("flannel-vxlan", "weave-sleeve", "flannel-vxlan and weave-sleeve attach pods in different ways"),
    ],
)
def test_what_cannot_be_had_is_told(old: str, new: str, why: str) -> None:
    [line] = obstacles(spec(old), spec(new))
    assert why in line


def test_routes_in_a_vpc_are_neither_left_nor_taken_on() -> None:
    vxlan, gce = spec("flannel-vxlan"), spec("flannel-gce")
    gce = replace(gce, cluster=replace(gce.cluster, routes=Routes.CLOUD))
    for old, new, way in ((vxlan, gce, "to"), (gce, vxlan, "from")):
        [line] = obstacles(old, new)
        assert line.startswith(f"routes: flannel-gce has a VPC's routes, and a change {way} it is not made yet; ")


def test_every_mode_says_how_it_attaches_pods_or_that_it_cannot_be_taken_over() -> None:
    bridged = {name for name, mode in modes().items() if mode(**mode.example()).attachment}
    assert bridged == {name for name in modes() if name.startswith("flannel-") or name == "routed"}


def test_the_plan_says_what_each_host_gets_and_loses_and_what_the_new_network_does_not_do() -> None:
    plan = ChangePlan(
        spec("flannel-wireguard"), spec("routed"), {"w-1": ["file a: create"]}, {"w-1": ["links: flannel-wg go"]}
    )
    assert plan.lines == [
        "network: flannel-wireguard -> routed",
        "data path: WireGuard between nodes -> plain IP, routes learned by BGP",
        "strategy: live; pods keep running, with their links and addresses",
        "MTU of pods: 1420 -> 1500, set in running pods",
        "lost: encryption between nodes (WireGuard)",
        "w-1:",
        "  file a: create",
        "  links: flannel-wg go",
        "way back: underlay change --back, until the change has ended; then the old mode in the inventory",
    ]


def test_hosts_with_the_same_lines_are_told_once() -> None:
    direct = replace(spec("flannel-vxlan"), network=modes()["flannel-vxlan"](direct_routing=True))
    plan = ChangePlan(spec("flannel-vxlan"), direct, {"cp-1": ["objects: apply"], "w-1": [], "w-2": []}, {})
    assert plan.lines[1] == "data path: VXLAN between nodes"
    assert plan.lines[4:8] == ["cp-1:", "  objects: apply", "w-1, w-2:", "  nothing changes on the host"]


def test_a_plan_says_that_an_earlier_run_has_begun_it_and_that_policies_end() -> None:
    lines = ChangePlan(spec("calico-vxlan"), spec("none"), {}, {}, resumed=True).lines
    assert lines[0].endswith("none, begun before")
    assert [line for line in lines if line.startswith("lost: ")] == [
        "lost: NetworkPolicies, which Calico enforces; network_policy adds an engine",
        "lost: the pod network: pods with addresses of it end, and start again when there is a network",
    ]


def test_keys_are_in_no_record_and_no_plan() -> None:
    ipsec = spec("flannel-ipsec")
    known = variables_of(ipsec)
    assert has_secrets(known)
    assert not has_secrets(variables_of(spec("routed")))
    assert "psk=**" in text_of(ipsec.network)
    mode = type(ipsec.network)
    settings = {name: value for name, value in with_stand_ins(known)["network"].items() if name != "mode"}
    assert mode.model_validate(settings).mode == "flannel-ipsec"


def test_settings_of_a_network_are_shown_where_they_are_not_the_default() -> None:
    direct = modes()["flannel-vxlan"](direct_routing=True, vni=7)
    assert text_of(direct) == "flannel-vxlan vni=7 direct_routing=True"


# As kubectl prints the record of a cluster, with the template of the question.
_RECORD = 'ConfigMap {"network": {"mode": "flannel-vxlan", "vni": 1}, "routes": "plugin"};;Path 1500;;Change %s;;'


def test_a_record_names_the_network_that_the_cluster_has() -> None:
    known = read_change(_RECORD % "")
    assert known == ChangeRecord({"network": {"mode": "flannel-vxlan", "vni": 1}, "routes": "plugin"})


def test_an_unfinished_change_is_from_what_was_there_whatever_has_been_deployed_since() -> None:
    known = read_change(_RECORD % '{"from": {"network": {"mode": "routed"}}, "to": {"network": {"mode": "none"}}}')
    assert known == ChangeRecord({"network": {"mode": "routed"}}, {"network": {"mode": "none"}})


def test_a_record_of_an_earlier_release_has_no_routes() -> None:
    known = read_change('ConfigMap {"network": {"mode": "routed", "masquerade": true, "tunnels": false}};;Path ;;')
    assert known
    assert known.was["routes"] is None
    assert is_same(known.was, spec("routed"))


def test_without_a_record_there_is_no_cluster() -> None:
    assert read_change("Secret ;;Path ;;Change ;;") is None


def test_other_routes_are_another_network() -> None:
    declared = spec("routed")
    assert is_same(variables_of(declared), declared)
    assert not is_same({**variables_of(declared), "routes": "static"}, declared)
    vxlan = spec("flannel-vxlan")
    other = replace(vxlan, network=type(vxlan.network)(vni=9))
    assert not is_same(variables_of(vxlan), other)
