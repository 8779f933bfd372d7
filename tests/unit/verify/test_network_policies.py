"""The policies that are applied to test NetworkPolicy, and how a connection is judged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit import clusters
from underlay.inventory.spec import read_spec
from underlay.verify.network_policies import CASES, ROLES, RolePod, _result, _verdict, policies

PODS = {role: RolePod("w-1", f"10.244.1.{number}") for number, role in enumerate(ROLES, start=2)}


def test_every_kind_of_rule_has_an_allowed_and_a_blocked_case() -> None:
    verdicts: dict[str, set[bool]] = {}
    for case in CASES:
        verdicts.setdefault(case.what, set()).add(case.passes)
    assert {what: v for what, v in verdicts.items() if v != {True, False}} == {"default deny": {False}}


def test_every_case_has_its_policy() -> None:
    cluster = read_spec(clusters.hosts(), clusters.groups()).cluster
    applied = {p["metadata"]["name"]: p["spec"] for p in policies(cluster, PODS)}
    assert set(applied) == set(ROLES) - {"friend", "stranger"}
    assert applied["closed"]["ingress"] == []
    block = applied["block"]["ingress"][0]["from"][0]["ipBlock"]
    assert block == {"cidr": "10.244.0.0/16", "except": [f"{PODS['stranger'].address}/32"]}
    assert {name for name, spec in applied.items() if spec["policyTypes"] == ["Egress"]} == {"inmate"}


def test_a_dual_stack_cluster_is_tested_over_both_versions() -> None:
    both = {role: replace(pod, address_v6=f"fd00:10:244::{n}") for n, (role, pod) in enumerate(PODS.items(), start=2)}
    applied = {p["metadata"]["name"]: p["spec"] for p in policies(clusters.dual_stack(), both)}
    blocks = [item["ipBlock"] for item in applied["block"]["ingress"][0]["from"]]
    assert blocks == [
        {"cidr": "10.244.0.0/16", "except": [f"{both['stranger'].address}/32"]},
        {"cidr": "fd00:10:244::/56", "except": [f"{both['stranger'].address_v6}/128"]},
    ]
    (closed, *_) = CASES
    blocked, passes = {str(closed): "blocked"}, {f"{closed} (over IPv6)": "passes"}
    assert _verdict(closed, both, {**blocked, **passes}, passes=False) == (
        "the connection passes, expected blocked (over IPv6)"
    )
    assert _verdict(closed, both, blocked, passes=False) == "no answer (over IPv6)"
    assert _verdict(closed, PODS, blocked, passes=False) == "ok"


@pytest.mark.parametrize(
    ("outcome", "passes", "result"),
    [
        ("passes", True, "ok"),
        ("passes", False, "the connection passes, expected blocked"),
        ("blocked", False, "ok"),
        ("blocked", True, "the connection is blocked, expected to pass"),
        ("no answer", False, "no answer"),
    ],
)
def test_no_answer_is_no_verdict(outcome: str, passes: bool, result: str) -> None:
    assert _result(outcome, passes=passes) == result
