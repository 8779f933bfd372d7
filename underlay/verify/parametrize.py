"""What each check runs over: the resources, nodes, paths, sessions and commands of the target."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from underlay.checks.certificates import certificate_checks
from underlay.checks.control_plane import api_checks, etcd_checks, kube_proxy_checks
from underlay.checks.leftovers import leftover_checks
from underlay.model.check import Check
from underlay.plan.host_plan import Phase
from underlay.policy_engines import kube_router

from . import cluster_policies
from .captures import expected_wire
from .paths import PodPath, paths
from .target import Target, target_of_session

# The test function -> the commands that it runs on nodes.
CHECKS: dict[str, Callable[[Target], list[Check]]] = {
    "test_mode": lambda t: [
        *t.spec.network.checks(t.spec.cluster),
        *(kube_router.checks(t.spec.cluster) if t.spec.network_policy else ()),
    ],
    "test_no_other_mode": lambda t: leftover_checks(
        t.spec.cluster, t.spec.network, accepted=t.spec.accepted, has_engine=t.spec.network_policy is not None
    ),
    "test_api": lambda t: api_checks(t.spec.cluster),
    "test_etcd": lambda t: etcd_checks(t.spec.cluster),
    "test_certificates": lambda t: certificate_checks(t.spec.cluster),
    "test_kube_proxy": lambda t: kube_proxy_checks(t.spec.cluster, t.spec.network),
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    target, fixtures, function = target_of_session(), set(metafunc.fixturenames), metafunc.function.__name__
    if {"node", "resource"} <= fixtures:
        plans = [(name, plan) for name, plan in target.plans.items() if target.checks(name)]
        found = [(name, r) for name, plan in plans for phase in target.phases for r in plan.of(Phase(phase))]
        metafunc.parametrize(("node", "resource"), found, ids=[f"{n}: {r.kind} {r.name}"[:120] for n, r in found])
    elif "check" in fixtures:
        checks = [check for check in CHECKS[function](target) if target.checks(check.node)]
        metafunc.parametrize("check", checks, ids=[f"{c.node}: {c.name}" for c in checks])
    elif "session" in fixtures:
        sessions = target.sessions
        metafunc.parametrize("session", sessions, ids=[f"{s.one.host} and {s.other.host}" for s in sessions])
    elif "cluster_case" in fixtures:
        cases = (
            cluster_policies.CASES if target.spec.network.traits.cluster_policy.enforced else cluster_policies.CASES[:1]
        )
        metafunc.parametrize("cluster_case", cases, ids=map(str, cases))
    elif "path" in fixtures:
        found_paths = [p for p in paths(target.spec.cluster) if _applies(target, function, p)]
        metafunc.parametrize("path", found_paths, ids=map(str, found_paths))
    elif "hostname" in fixtures:
        # One clock agrees with itself.
        names = list(target.variables) if len(target.variables) > 1 else []
        metafunc.parametrize("hostname", names, ids=names)
    elif "node" in fixtures:
        metafunc.parametrize("node", [n.name for n in target.nodes if target.checks(n.name)])


def _applies(target: Target, function: str, path: PodPath) -> bool:
    network = target.spec.network
    if not network.carries_pods:
        return False
    if function == "test_wire":
        return expected_wire(network, target.spec.cluster, path) is not None
    if path.one == path.other:
        return function not in ("test_packet", "test_host_port")
    # A node that reaches no pods elsewhere cannot forward there either.
    return network.nodes_reach_pods or function not in ("test_host", "test_node_port")
