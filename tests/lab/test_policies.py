"""A policy engine beside a network that enforces nothing: verified, broken in three ways, and taken away again."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import test_network, test_policy
from underlay.checks.leftovers import leftover_checks
from underlay.model.check import Check
from underlay.model.cluster_policy import DEFINITION
from underlay.policy_engines import kube_router
from underlay.verify import cluster_policies, network_policies, server_pods
from underlay.verify.network_policies import CASES, PolicyCase, RolePod
from underlay.verify.probe_objects import NAMESPACE
from underlay.verify.target import Target

from .deployed import Deployed
from .mutation_table import Verdict, judge
from .mutations import Mutation
from .network_policy_api import define
from .policy_engine import ENGINE, built
from .verifying import verifying

pytestmark = [pytest.mark.lab]

POLICY, MODE = str(test_policy.test_policy.__doc__), str(test_network.test_mode.__doc__)
DENIED = [case for case in CASES if not case.passes]
PASSES, BLOCKED = "the connection passes, expected blocked", "the connection is blocked, expected to pass"
DAEMON = f"-n {kube_router.NAMESPACE} daemonset/{kube_router.NAME}"


@pytest.fixture(scope="module")
def target(pair: Deployed) -> Iterator[Target]:
    """Two hosts on one segment, deployed with an engine, and the namespace of a verification."""
    built()
    run = pair.deploy("--data", "verify=false", **ENGINE)
    assert run.code == 0, run.end
    with verifying(pair, **ENGINE) as found:
        yield found


@pytest.fixture(scope="module")
def pods(target: Target) -> dict[str, RolePod]:
    found = network_policies.start(target, server_pods.image_of(target))
    network_policies.apply(target, found)
    return found


def test_with_the_engine_every_result_is_ok(target: Target, pods: dict[str, RolePod]) -> None:
    assert violations(target, pods) == {}
    assert said(target, kube_router.checks(target.spec.cluster)) == {}
    without = network_policies.probe(target, pods, DENIED, no_policy=True)
    assert set(without.values()) == {BLOCKED}


def test_it_reads_no_policies_of_the_cluster(target: Target, pair: Deployed, tmp_path: Path) -> None:
    define(pair, tmp_path)
    try:
        results = cluster_policies.measure(target, server_pods.image_of(target))
    finally:
        target.kubectl(f"delete crd {DEFINITION}")
    assert set(results.without.values()) == {"ok"}
    # NetworkPolicies alone decide: one of them denies what a policy of the cluster accepts.
    expected = {c: PASSES for c in cluster_policies.CASES if not c.passes and c.other != "vault"}
    accepted = next(c for c in cluster_policies.CASES if c.passes and c.other == "vault")
    assert {c: r for c, r in results.enforced.items() if r != "ok"} == {**expected, accepted: BLOCKED}
    assert not kube_router.CLUSTER_POLICY.enforced


def test_a_second_run_changes_nothing(target: Target, pair: Deployed) -> None:
    assert pair.deploy("--data", "verify=false", **ENGINE).changes.startswith("none; at most ")


def test_emptied_sets_of_addresses_are_named(target: Target, pods: dict[str, RolePod]) -> None:
    for node in target.nodes:
        target.host(node.name).run("for s in $(ipset list -n | grep KUBE-); do ipset flush $s; done")
    caught(
        "a policy engine's address sets emptied",
        target,
        pods,
        {case: BLOCKED for case in CASES if case.passes},
    )
    # It fills them as it begins.
    target.kubectl(f"rollout restart {DAEMON}")
    target.kubectl(f"rollout status {DAEMON} --timeout=240s")
    assert violations(target, pods) == {}


def test_a_node_without_it_is_named(target: Target, pods: dict[str, RolePod]) -> None:
    elsewhere = {"key": "kubernetes.io/hostname", "operator": "NotIn", "values": ["w-1"]}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [elsewhere]}]}
    change(target, {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}})
    target.kubectl(f"wait -n {kube_router.NAMESPACE} pod -l k8s-app={kube_router.NAME} "
                   "--field-selector spec.nodeName=w-1 --for=delete --timeout=240s")  # fmt: skip
    target.host("w-1").run(kube_router.CLEANUP)
    assert list(said(target, kube_router.checks(target.spec.cluster))) == ["w-1"]
    unfiltered = [c for c in DENIED if pods[c.one if c.one == "inmate" else c.other].node == "w-1"]
    caught("one node without a policy engine", target, pods, dict.fromkeys(unfiltered, PASSES))
    change(target, {"affinity": None})
    assert violations(target, pods) == {}
    assert said(target, kube_router.checks(target.spec.cluster)) == {}


def test_an_engine_that_was_stopped_is_named(target: Target, pods: dict[str, RolePod]) -> None:
    target.kubectl(f"delete networkpolicies --all -n {NAMESPACE}")
    assert set(network_policies.probe(target, pods, no_policy=True).values()) == {"ok"}
    change(target, {"nodeSelector": {"none": "none"}})
    target.kubectl(f"wait -n {kube_router.NAMESPACE} pod -l k8s-app={kube_router.NAME} --for=delete --timeout=240s")
    network_policies.apply(target, pods)
    caught("a policy engine stopped", target, pods, dict.fromkeys(DENIED, PASSES))
    change(target, {"nodeSelector": {"none": None}})
    assert violations(target, pods) == {}


def test_it_is_taken_away_as_the_refusal_says(target: Target, pair: Deployed) -> None:
    refused = pair.underlay("plan")
    assert (refused.code, kube_router.STAYS in refused.text) == (1, True), refused.end
    first, everywhere = kube_router.STAYS.split("`")[1:4:2]
    left = leftover_checks(target.spec.cluster, target.spec.network)
    pair.ssh("cp-1", first)
    assert all("(of kube-router)" in said(target, left)[node.name] for node in target.nodes)
    for node in target.nodes:
        pair.ssh(node.name, everywhere)
    assert said(target, left) == {}
    assert pair.underlay("plan").code in (0, 2)


def change(target: Target, pod: dict[str, object]) -> None:
    """Change the pods of the engine, and wait until none is of the old kind."""
    patch = json.dumps({"spec": {"template": {"spec": pod}}})
    target.kubectl(f"patch {DAEMON} --type=merge -p '{patch}'")
    target.kubectl(f"rollout status {DAEMON} --timeout=240s")


def said(target: Target, checks: list[Check]) -> dict[str, str]:
    """What checks find, by node."""
    found = {check.node: check.judge(target.host(check.node).run(check.command).stdout) for check in checks}
    return {node: problem for node, problem in found.items() if problem}


def violations(target: Target, pods: dict[str, RolePod]) -> dict[PolicyCase, str]:
    return {case: result for case, result in network_policies.probe(target, pods).items() if result != "ok"}


def caught(name: str, target: Target, pods: dict[str, RolePod], expected: dict[PolicyCase, str]) -> None:
    """What the checks of a verification report is exactly that; it is recorded as a mutation."""
    began = time.monotonic()
    found = violations(target, pods)
    failed = {POLICY: "; ".join(f"{case}: {result}" for case, result in found.items())} if found else {}
    if unruled := said(target, kube_router.checks(target.spec.cluster)):
        failed[MODE] = "; ".join(unruled.values())
    judge(Mutation(name, (), (), tuple(failed)), Verdict(failed, time.monotonic() - began))
    assert found == expected
    assert failed
