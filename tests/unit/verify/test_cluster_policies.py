"""The policies of the cluster that are applied to test them, and whether the cluster can have any."""

from __future__ import annotations

from typing import Any, cast

import pytest

from underlay.verify.cluster_policies import CASES, ROLES, policies, remove, undefined
from underlay.verify.probe_objects import NAMESPACE
from underlay.verify.target import Target


class Kubectl:
    """Stands in for a target whose API server gives one answer."""

    def __init__(self, answer: str) -> None:
        self.answer, self.commands = answer, list[str]()

    def kubectl(self, arguments: str, **_more: Any) -> str:
        self.commands.append(arguments)
        return self.answer


def of_cluster() -> dict[str, dict[str, Any]]:
    return {p["metadata"]["name"]: p["spec"] for p in policies() if p["kind"] == "ClusterNetworkPolicy"}


def test_every_rule_has_an_allowed_and_a_blocked_connection() -> None:
    verdicts: dict[str, set[bool]] = {}
    for case in CASES:
        verdicts.setdefault(case.what, set()).add(case.passes)
    assert set(map(frozenset, verdicts.values())) == {frozenset({True, False})}


def test_they_select_nothing_but_pods_of_the_verification() -> None:
    theirs = {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}}
    for spec in of_cluster().values():
        selected = spec["subject"]["pods"]
        assert selected["namespaceSelector"] == theirs
        assert selected["podSelector"]["matchLabels"]["underlay/role"] in ROLES
        for rule in (*spec.get("ingress", ()), *spec.get("egress", ())):
            assert [peer["pods"]["namespaceSelector"] for peer in (*rule.get("from", ()), *rule.get("to", ()))] == [
                theirs
            ]


def test_every_action_in_both_tiers_and_directions_is_asked() -> None:
    specs = of_cluster().values()
    assert {spec["tier"] for spec in specs} == {"Admin", "Baseline"}
    rules = [r for s in specs for r in (*s.get("ingress", ()), *s.get("egress", ()))]
    assert {rule["action"] for rule in rules} == {"Accept", "Deny", "Pass"}
    assert any("egress" in spec for spec in specs)
    assert len({spec["priority"] for spec in specs}) == len(specs)
    assert all(0 <= spec["priority"] <= 1000 for spec in specs)


# What `kubectl get crd -o jsonpath` prints: nothing, network-policy-api v0.3.0, and a release to come.
@pytest.mark.parametrize(
    ("served", "reason"),
    [
        ("", "the cluster has no definition of ClusterNetworkPolicy v1alpha2"),
        ("v1alpha2 v1beta1", ""),
        ("v1beta1", "the cluster has no definition of ClusterNetworkPolicy v1alpha2 (it serves v1beta1)"),
    ],
)
def test_a_cluster_that_does_not_know_the_kind_says_so(served: str, reason: str) -> None:
    assert undefined(cast(Target, Kubectl(served))) == reason


def test_they_are_taken_away_by_their_label() -> None:
    asked_for = Kubectl("")
    remove(cast(Target, asked_for))
    labels = {tuple(p["metadata"]["labels"].items()) for p in policies() if p["kind"] == "ClusterNetworkPolicy"}
    ((name, value),) = labels.pop()
    assert not labels
    assert asked_for.commands == [
        f"delete clusternetworkpolicies.policy.networking.k8s.io -l {name}={value} --ignore-not-found"
    ]
