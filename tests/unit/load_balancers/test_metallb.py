"""MetalLB: its settings in an inventory, and the objects that are applied for them."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

import pytest

from tests.unit.clusters import PaperArtifacts, cluster, dual_stack, groups, hosts, spec
from tests.unit.inventory.spec_problems import ordinary_problems
from underlay.artifacts.catalog import image_entry, pinned_version
from underlay.inventory.spec import read_spec
from underlay.lab.model.topology import Lab
from underlay.load_balancers.metallb import NAMESPACE, PARTS, VERSION, addon, image
from underlay.load_balancers.settings import LoadBalancerSettings, ends
from underlay.networks.registry import modes
from underlay.plan.host_plan import Phase, node_plan
from underlay.resources.images import Images
from underlay.resources.objects import Objects
from underlay.verify.external_clients import _load_balancer
from underlay.verify.target import Target

VARIABLE = {"addresses": {"rack-1": ["192.0.2.240/28"], "rack-2": ["192.0.2.200 - 192.0.2.209"]}}
SETTINGS = LoadBalancerSettings.model_validate(VARIABLE)


def with_addresses(**racks: list[str]) -> list[str]:
    return ordinary_problems(
        load_balancer={"addresses": {rack.replace("_", "-"): ranges for rack, ranges in racks.items()}}
    )


def test_an_inventory_configures_it_or_has_none() -> None:
    assert read_spec(hosts(), groups()).load_balancer is None
    assert read_spec(hosts(load_balancer=VARIABLE), groups()).load_balancer == SETTINGS


@pytest.mark.parametrize(
    ("racks", "lines"),
    [
        ({"rack_1": ["192.0.2.9-192.0.2.8"]}, ["load_balancer: the end of 192.0.2.9-192.0.2.8 is before its beginning"]),
        ({"rack_1": ["192.0.2.9"]}, []),
        ({"rack_1": ["nonsense"]}, ["load_balancer: a range has the form 192.0.2.240-192.0.2.250 or 192.0.2.240/28"]),
        ({"rack_1": []}, ["load_balancer: rack-1 has no range"]),
        ({"rack_9": ["192.0.2.9"]}, ["load_balancer.addresses.rack-9: the rack has no worker to announce them; use a rack with workers: rack-1, rack-2"]),
        ({"rack_1": ["192.0.2.1-192.0.2.2"]}, [
            "load_balancer.addresses.rack-1: 192.0.2.1-192.0.2.2 contains the address of cp-1 (192.0.2.1); choose others",
            "load_balancer.addresses.rack-1: 192.0.2.1-192.0.2.2 contains the address of w-1 (192.0.2.2); choose others",
        ]),
        ({"rack_1": ["2001:db8:9::/120"]}, ["load_balancer.addresses.rack-1: 2001:db8:9::/120 is IPv6, and Services have no such addresses; choose others"]),
        ({"rack_1": ["10.96.1.0/24"]}, ["load_balancer.addresses.rack-1: 10.96.1.0/24 overlaps 10.96.0.0/16 of the cluster; choose others"]),
        ({"rack_1": ["192.0.2.8/30"], "rack_2": ["192.0.2.9"]}, ["load_balancer.addresses.rack-1: 192.0.2.8/30 overlaps 192.0.2.9-192.0.2.9; put each address in one range only"]),
    ],
)  # fmt: skip
def test_impossible_addresses_are_refused(racks: dict[str, list[str]], lines: list[str]) -> None:
    found = with_addresses(**racks)
    assert len(found) == len(lines)
    for problem, line in zip(found, lines, strict=True):
        assert problem.startswith(line.partition(": ")[0])
        assert line.partition(": ")[2] in problem


def test_ipvs_has_to_leave_arp_to_the_announcer() -> None:
    (line,) = ordinary_problems(load_balancer=VARIABLE, kube_proxy={"mode": "ipvs"})
    assert line.endswith('set kube_proxy = {"mode": "ipvs", "ipvs": {"strictARP": True}}')
    assert ordinary_problems(load_balancer=VARIABLE, kube_proxy={"mode": "ipvs", "ipvs": {"strictARP": True}}) == []


def test_nothing_is_announced_in_a_cloud() -> None:
    paid = replace(cluster(), cloud=object())  # type: ignore[arg-type]
    assert list(SETTINGS.problems(paid)) == [
        "load_balancer: a cloud's network ignores addresses that nodes announce; remove it"
    ]


def test_a_mode_without_pods_does_not_support_it() -> None:
    mode = next(name for name, kind in modes().items() if not kind.model_validate(kind.example()).carries_pods)
    assert [line.partition(":")[0] for line in ordinary_problems(mode, load_balancer=VARIABLE)] == ["load_balancer"]


def test_the_second_ip_version_is_checked_too() -> None:
    found = list(LoadBalancerSettings(addresses={"rack-1": ("2001:db8::/120",)}).problems(dual_stack()))
    assert [line.rpartition("(")[2] for line in found] == [f"2001:db8::{n}); choose others" for n in (1, 2, 3)]


def test_a_racks_addresses_are_announced_by_its_workers() -> None:
    objects = addon(SETTINGS, cluster()).objects
    pools = {o["metadata"]["name"]: o["spec"]["addresses"] for o in objects if o["kind"] == "IPAddressPool"}
    assert pools == {"pool-1": ["192.0.2.240/28"], "pool-2": ["192.0.2.200-192.0.2.209"]}
    announced = {
        o["spec"]["ipAddressPools"][0]: o["spec"]["nodeSelectors"][0]["matchExpressions"][0]["values"]
        for o in objects
        if o["kind"] == "L2Advertisement"
    }
    assert announced == {"pool-1": ["w-1"], "pool-2": ["w-2"]}


def test_every_custom_kind_is_defined_and_every_account_exists() -> None:
    objects = addon(SETTINGS, cluster()).objects
    defined = {o["spec"]["names"]["kind"] for o in objects if o["kind"] == "CustomResourceDefinition"}
    assert {o["kind"] for o in objects if o["apiVersion"].startswith("metallb.io/")} <= defined
    accounts = {o["metadata"]["name"] for o in objects if o["kind"] == "ServiceAccount"}
    workloads = [o["spec"]["template"]["spec"] for o in objects if o["kind"] in ("Deployment", "DaemonSet")]
    assert {w["serviceAccountName"] for w in workloads} == accounts == set(PARTS)
    assert len({(o["kind"], o["metadata"]["name"]) for o in objects}) == len(objects)
    assert {o["metadata"]["namespace"] for o in objects if "namespace" in o["metadata"]} == {NAMESPACE}


def test_the_catalog_has_the_images_that_its_objects_name() -> None:
    assert f"v{pinned_version('metallb')}" == VERSION
    assert [image_entry(f"metallb-{part}").ref(pinned_version("metallb")) for part in PARTS] == list(map(image, PARTS))


def test_it_is_applied_after_the_network_and_waited_for() -> None:
    balanced = replace(spec(), load_balancer=SETTINGS)
    first, worker = (node_plan(balanced, node, PaperArtifacts()) for node in balanced.cluster.nodes[:2])
    *_, last = first.of(Phase.NETWORK)
    assert isinstance(last, Objects)
    assert last.name == "load balancer"
    assert last.rollouts == ((NAMESPACE, "deployment/controller"), (NAMESPACE, "daemonset/speaker"))
    assert worker.of(Phase.NETWORK) == ()
    (images,) = (r for r in worker.of(Phase.KUBERNETES) if isinstance(r, Images))
    assert {r for r in images.references if "metallb" in r} == {
        f"registry.example/metallb-{part}:1.0.0" for part in PARTS
    }


def test_without_it_a_plan_contains_none_of_it() -> None:
    plan = node_plan(spec(), spec().cluster.first, PaperArtifacts())
    assert "metallb" not in repr(plan)


class Silent:
    """A host on which nothing gets an address."""

    rc = 1

    def run(self, command: str) -> Silent:
        return self


@pytest.mark.parametrize("configured", [True, False])
def test_a_configured_provider_that_assigns_no_address_is_a_failure(configured: bool) -> None:
    made = read_spec(hosts(**({"load_balancer": VARIABLE} if configured else {})), groups())
    target = Target(made, {}, _hosts={("cp-1", "balanced"): Silent()})
    verdict = _load_balancer(target, {"probe-balanced": {}})
    assert verdict.startswith(
        "metallb gives the Service no address" if configured else "not tested: no load balancer provider"
    )


@pytest.mark.parametrize("racks", [1, 3])
def test_the_lab_keeps_spare_addresses_that_no_host_has(racks: int) -> None:
    lab = Lab(workers=230, control_planes=9, racks=racks, routers=2 if racks > 1 else 0)
    for rack in range(1, racks + 1):
        first, last = ends(lab.spare(rack))
        assert not any(first <= node.address <= last for node in lab.nodes)  # type: ignore[operator]
        assert all(a in ip_network(f"10.61.{rack}.0/24") for a in (first, last))
