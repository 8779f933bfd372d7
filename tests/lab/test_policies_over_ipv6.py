"""NetworkPolicies over both IP versions, and over IPv6 alone, as a verification asks for them.

No engine can do it here: releases of kube-router that can be had enforce nothing over IPv6. A packet filter that the
test makes stands in for one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from underlay.verify import network_policies, server_pods
from underlay.verify.network_policies import CASES, RolePod
from underlay.verify.target import Target

from . import packet_filter
from .deployed import Deployed
from .dual_stack_mutations import SUBNETS
from .verifying import verifying

pytestmark = [pytest.mark.lab]

LAB: dict[str, Any] = {
    "name": "policies-six",
    "network": "10.147.0.0/16",
    "network_v6": "fd61:147::/48",
    "workers": 1,
    "racks": 1,
}
FAMILIES: dict[str, dict[str, Any]] = {
    "both": SUBNETS,
    "IPv6 alone": {name.removesuffix("_v6"): subnet for name, subnet in SUBNETS.items()} | {"only_v6": True},
}
DENIED = [case for case in CASES if not case.passes]
PASSES = "the connection passes, expected blocked"


@pytest.fixture(scope="module", params=FAMILIES)
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    with Deployed(lab=LAB, cluster=FAMILIES[request.param]).booted() as deployed:
        run = deployed.deploy("--data", "verify=false")
        assert run.code == 0, run.end
        with verifying(deployed) as found:
            yield found


@pytest.fixture(scope="module")
def pods(target: Target) -> Iterator[dict[str, RolePod]]:
    """Pods of every role under their policies, and a filter that blocks nothing yet."""
    found = network_policies.start(target, server_pods.image_of(target))
    assert set(network_policies.probe(target, found, no_policy=True).values()) == {"ok"}
    network_policies.apply(target, found)
    packet_filter.install(target)
    yield found
    packet_filter.remove(target)


def test_each_version_that_pods_have_is_asked(target: Target, pods: dict[str, RolePod]) -> None:
    versions = {tuple(6 if ":" in a else 4 for a in pod.addresses) for pod in pods.values()}
    assert versions == {target.spec.cluster.families}
    found = network_policies.probe(target, pods)
    assert {c: r for c, r in found.items() if r != "ok"} == dict.fromkeys(DENIED, PASSES)


def test_what_is_blocked_over_one_version_alone_is_named(target: Target, pods: dict[str, RolePod]) -> None:
    if not target.spec.cluster.dual_stack:
        pytest.skip("pods have one version")
    for case in DENIED:
        packet_filter.block(target, pods, case, versions=(4,))
    found = network_policies.probe(target, pods)
    assert {c: r for c, r in found.items() if r != "ok"} == dict.fromkeys(DENIED, f"{PASSES} (over IPv6)")


def test_what_is_blocked_over_all_is_ok(target: Target, pods: dict[str, RolePod]) -> None:
    for case in DENIED:
        packet_filter.block(target, pods, case)
    assert set(network_policies.probe(target, pods).values()) == {"ok"}
