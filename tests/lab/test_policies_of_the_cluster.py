"""Policies of the cluster on an API server that has upstream's own definition, and the connections that judge them.

No engine that enforces them runs here: kube-network-policies needs nft's queue expression, and the agents of Calico and
Cilium are out of reach. A packet filter that the test makes stands in for one, so that what a verification asks is seen
to fail without it, to pass with it, and to fail where it blocks too much.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest

from underlay.model.cluster_policy import DEFINITION
from underlay.verify import cluster_policies, network_policies, server_pods
from underlay.verify.cluster_policies import CASES, ROLES, policies
from underlay.verify.network_policies import RolePod
from underlay.verify.target import Target

from . import packet_filter
from .deployed import Deployed
from .network_policy_api import define
from .verifying import verifying

pytestmark = [pytest.mark.lab]

DENIED = [case for case in CASES if not case.passes]
PASSES, BLOCKED = "the connection passes, expected blocked", "the connection is blocked, expected to pass"


@pytest.fixture(scope="module")
def target(pair: Deployed) -> Iterator[Target]:
    """Two hosts on one segment, without an engine, and the namespace of a verification."""
    run = pair.deploy("--data", "verify=false")
    assert run.code == 0, run.end
    with verifying(pair) as found:
        yield found
        found.kubectl(f"delete crd {DEFINITION} --ignore-not-found")


@pytest.fixture(scope="module")
def defined(target: Target, pair: Deployed, tmp_path_factory: pytest.TempPathFactory) -> Target:
    """The same, once the cluster knows the kind."""
    assert cluster_policies.undefined(target) == "the cluster has no definition of ClusterNetworkPolicy v1alpha2"
    define(pair, tmp_path_factory.mktemp("module"))
    return target


@pytest.fixture(scope="module")
def pods(defined: Target) -> Iterator[dict[str, RolePod]]:
    found = network_policies.start(defined, server_pods.image_of(defined), roles=ROLES)
    yield found
    packet_filter.remove(defined)


def test_the_api_server_takes_them_and_knows_the_kind(defined: Target, pods: dict[str, RolePod]) -> None:
    assert cluster_policies.undefined(defined) == ""
    assert set(network_policies.probe(defined, pods, CASES, no_policy=True).values()) == {"ok"}
    cluster_policies.apply(defined)
    names = defined.kubectl(f"get {DEFINITION} -o name").split()
    assert len(names) == sum(item["kind"] == "ClusterNetworkPolicy" for item in policies())


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("action", "Allow", 'Unsupported value: "Allow": supported values: "Accept", "Deny", "Pass"'),
        ("protocol", "TCP", ".spec.ingress[0].protocol: field not declared in schema"),
        ("name", 3, ".spec.ingress[0].name: expected string"),
    ],
)
def test_a_wrong_key_or_value_is_refused(
    defined: Target, pair: Deployed, tmp_path: Path, key: str, value: object, message: str
) -> None:
    item = deepcopy(next(i for i in policies() if i["kind"] == "ClusterNetworkPolicy"))
    item["metadata"]["name"] = "wrong"
    item["spec"]["ingress"][0][key] = value
    assert message in " ".join(pair.refusal([item], tmp_path / "wrong.yaml").split())


def test_without_an_engine_what_they_forbid_is_said_to_pass(defined: Target, pods: dict[str, RolePod]) -> None:
    found = network_policies.probe(defined, pods, CASES)
    assert {c: r for c, r in found.items() if r != "ok"} == dict.fromkeys(DENIED, PASSES)


def test_what_is_blocked_as_they_say_is_ok_and_too_much_is_named(defined: Target, pods: dict[str, RolePod]) -> None:
    packet_filter.install(defined)
    for case in DENIED:
        packet_filter.block(defined, pods, case)
    assert set(network_policies.probe(defined, pods, CASES).values()) == {"ok"}
    packet_filter.block_all_to(defined, pods["settled"])
    found = network_policies.probe(defined, pods, CASES)
    assert {str(c): r for c, r in found.items() if r != "ok"} == {
        "Baseline denies, unless a NetworkPolicy allows: visitor to settled over TCP passes": BLOCKED
    }


def test_nothing_of_them_is_left(defined: Target, pods: dict[str, RolePod]) -> None:
    cluster_policies.remove(defined)
    assert defined.kubectl(f"get {DEFINITION} -o name").split() == []
