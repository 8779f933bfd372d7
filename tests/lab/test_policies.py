"""The check of NetworkPolicy tells both verdicts apart, with packet filter rules in a policy engine's place."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from tests.live import test_policy
from underlay.verify import network_policies, traffic
from underlay.verify.network_policies import CASES, Case, Place
from underlay.verify.probe_objects import NAMESPACE
from underlay.verify.target import Target

from .deployed import INVENTORY, Deployed
from .mutation_table import Verdict, judge
from .mutations import Mutation
from .policy_rules import UNDO, drops

pytestmark = [pytest.mark.lab]

POLICY = str(test_policy.test_policy.__doc__)
DENIED = [case for case in CASES if not case.passes]


@pytest.fixture(scope="module")
def target(pair: Deployed) -> Iterator[Target]:
    """Two hosts on one segment, deployed, and the namespace of a verification."""
    run = pair.deploy("--data", "verify=false")
    assert run.code == 0, run.text
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNDERLAY_INVENTORY", INVENTORY)
        patch.setenv("UNDERLAY_TEST", json.dumps({"lab": pair.lab, "cluster": pair.cluster, "carried": pair.carried}))
        found = Target.from_environment()
    found.kubectl(f"create namespace {NAMESPACE}")
    yield found
    traffic.stop(found)
    found.close()


@pytest.fixture(scope="module")
def places(target: Target) -> dict[str, Place]:
    found = network_policies.start(target, traffic.image_of(target))
    network_policies.lay(target, found)
    return found


def test_without_an_engine_all_that_is_forbidden_is_told_to_pass(target: Target, places: dict[str, Place]) -> None:
    found = network_policies.ask(target, places)
    assert {case for case, result in found.items() if result == "the connection passes"} == set(DENIED)
    assert all(result == "ok" for case, result in found.items() if case.passes)


def test_with_rules_in_its_place_every_verdict_is_as_the_policies_say(target: Target, places: dict[str, Place]) -> None:
    for host, step in drops(places, CASES):
        assert target.host(host).run(step).rc == 0
    found = network_policies.ask(target, places)
    assert set(found.values()) == {"ok"}, found
    assert {
        case for case, result in network_policies.ask(target, places, DENIED, open_=True).items() if result == "ok"
    } == set()


def test_one_rule_that_is_missing_is_named(target: Target, places: dict[str, Place]) -> None:
    off(target, places)
    for host, step in drops(places, [case for case in CASES if case != DENIED[0]]):
        assert target.host(host).run(step).rc == 0
    assert violations(target, places, "one rule of a policy engine missing") == {DENIED[0]: "the connection passes"}


def test_an_engine_that_is_off_is_named(target: Target, places: dict[str, Place]) -> None:
    off(target, places)
    assert violations(target, places, "a policy engine off") == dict.fromkeys(DENIED, "the connection passes")


def off(target: Target, places: dict[str, Place]) -> None:
    for host in {place.node for place in places.values()}:
        target.host(host).run(UNDO)


def violations(target: Target, places: dict[str, Place], name: str) -> dict[Case, str]:
    """What the check says, noted as a mutation."""
    began = time.monotonic()
    found = {case: result for case, result in network_policies.ask(target, places).items() if result != "ok"}
    first = next((f"{case}: {result}" for case, result in found.items()), "")
    mutation = Mutation(f"{name} (packet filter rules stood in for one)", (), (), (POLICY,))
    judge(mutation, Verdict({POLICY: first} if first else {}, time.monotonic() - began))
    return found
