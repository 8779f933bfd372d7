"""The check of NetworkPolicy tells enforced policies from others, with packet filter rules for a policy engine."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from tests.live import test_policy
from underlay.verify import network_policies, server_pods
from underlay.verify.network_policies import CASES, PolicyCase, RolePod
from underlay.verify.probe_objects import NAMESPACE
from underlay.verify.target import Target

from .deployed import INVENTORY, Deployed
from .mutation_table import Verdict, judge
from .mutations import Mutation
from .policy_rules import UNDO, drops

pytestmark = [pytest.mark.lab]

POLICY = str(test_policy.test_policy.__doc__)
DENIED = [case for case in CASES if not case.passes]
PASSES = "the connection passes, expected blocked"


@pytest.fixture(scope="module")
def target(pair: Deployed) -> Iterator[Target]:
    """Two hosts on one segment, deployed, and the namespace of a verification."""
    run = pair.deploy("--data", "verify=false")
    assert run.code == 0, run.end
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNDERLAY_INVENTORY", INVENTORY)
        patch.setenv("UNDERLAY_TEST", json.dumps({"lab": pair.lab, "cluster": pair.cluster, "carried": pair.carried}))
        found = Target.from_environment()
    found.kubectl(f"create namespace {NAMESPACE}")
    yield found
    server_pods.stop(found)
    found.close()


@pytest.fixture(scope="module")
def pods(target: Target) -> dict[str, RolePod]:
    found = network_policies.start(target, server_pods.image_of(target))
    network_policies.apply(target, found)
    return found


def test_without_an_engine_all_that_is_forbidden_is_reported_to_pass(target: Target, pods: dict[str, RolePod]) -> None:
    found = network_policies.probe(target, pods)
    assert {case for case, result in found.items() if result == PASSES} == set(DENIED)
    assert all(result == "ok" for case, result in found.items() if case.passes)


def test_with_rules_in_its_place_every_result_is_ok(target: Target, pods: dict[str, RolePod]) -> None:
    for host, step in drops(pods, CASES):
        assert target.host(host).run(step).rc == 0
    found = network_policies.probe(target, pods)
    assert set(found.values()) == {"ok"}, found
    assert {
        case for case, result in network_policies.probe(target, pods, DENIED, no_policy=True).items() if result == "ok"
    } == set()


def test_one_rule_that_is_missing_is_named(target: Target, pods: dict[str, RolePod]) -> None:
    off(target, pods)
    for host, step in drops(pods, [case for case in CASES if case != DENIED[0]]):
        assert target.host(host).run(step).rc == 0
    assert violations(target, pods, "one rule of a policy engine missing") == {
        DENIED[0]: "the connection passes, expected blocked"
    }


def test_an_engine_that_is_off_is_named(target: Target, pods: dict[str, RolePod]) -> None:
    off(target, pods)
    assert violations(target, pods, "a policy engine off") == dict.fromkeys(
        DENIED, "the connection passes, expected blocked"
    )


def off(target: Target, pods: dict[str, RolePod]) -> None:
    for host in {place.node for place in pods.values()}:
        target.host(host).run(UNDO)


def violations(target: Target, pods: dict[str, RolePod], name: str) -> dict[PolicyCase, str]:
    """What the check reports, recorded as a mutation."""
    began = time.monotonic()
    found = {case: result for case, result in network_policies.probe(target, pods).items() if result != "ok"}
    first = next((f"{case}: {result}" for case, result in found.items()), "")
    mutation = Mutation(f"{name} (packet filter rules in its place)", (), (), (POLICY,))
    judge(mutation, Verdict({POLICY: first} if first else {}, time.monotonic() - began))
    return found
