"""What each check is run over: every resource, node, path and question of the target; and the traffic they share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import pytest

from underlay.checks.certificates import certificate_checks
from underlay.checks.control_plane import api_checks, etcd_checks, kube_proxy_checks
from underlay.checks.leftovers import leftover_checks
from underlay.model.check import Check
from underlay.resources.resource import Resource

from . import traffic
from .evidence import KeepEvidence
from .paths import paths
from .progress import say
from .resource_states import States
from .target import Target, target_of_session
from .traffic_results import TrafficResults

# The test function -> its questions to nodes.
CHECKS: dict[str, Callable[[Target], list[Check]]] = {
    "test_mode": lambda t: t.spec.network.checks(t.spec.cluster),
    "test_no_other_mode": lambda t: leftover_checks(t.spec.cluster, t.spec.network),
    "test_api": lambda t: api_checks(t.spec.cluster),
    "test_etcd": lambda t: etcd_checks(t.spec.cluster),
    "test_certificates": lambda t: certificate_checks(t.spec.cluster),
    "test_kube_proxy": lambda t: kube_proxy_checks(t.spec.cluster, t.spec.network),
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    target, wanted, function = target_of_session(), set(metafunc.fixturenames), metafunc.function.__name__
    if {"node", "resource"} <= wanted:
        found = [(name, r) for name, plan in target.plans.items() for r in plan.resources]
        metafunc.parametrize(("node", "resource"), found, ids=[f"{n}: {r.kind} {r.name}"[:120] for n, r in found])
    elif "check" in wanted:
        checks = CHECKS[function](target)
        metafunc.parametrize("check", checks, ids=[f"{c.node}: {c.name}" for c in checks])
    elif "session" in wanted:
        sessions = target.sessions
        metafunc.parametrize("session", sessions, ids=[f"{s.one.host} and {s.other.host}" for s in sessions])
    elif "path" in wanted:
        ways = [p for p in paths(target.spec.cluster) if _applies(target, function, p.one, p.other)]
        ways = [p for p in ways if function != "test_wire" or traffic.wire(target.spec.network, target.spec.cluster, p)]
        metafunc.parametrize("path", ways, ids=map(str, ways))
    elif "asked" in wanted:
        # One clock agrees with itself.
        names = list(target.variables) if len(target.variables) > 1 else []
        metafunc.parametrize("asked", names, ids=names)
    elif "node" in wanted:
        metafunc.parametrize("node", [n.name for n in target.nodes])


def _applies(target: Target, function: str, one: str, other: str) -> bool:
    network = target.spec.network
    if not network.carries_pods:
        return False
    if one == other:
        return function not in ("test_packet", "test_host_port")
    # A node that reaches no pods elsewhere has no answer for what is led there either.
    return network.nodes_reach_pods or function not in ("test_host", "test_node_port")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits for the traffic comes last: everything else is asked while it flows."""
    items.sort(key=lambda item: bool({"measured", "enforced"} & set(getattr(item, "fixturenames", ()))))


@pytest.fixture(scope="session")
def states(request: pytest.FixtureRequest, target: Target) -> Iterator[States]:
    """The host states of the checks that were chosen."""
    wanted: dict[str, list[Resource]] = {}
    for item in request.session.items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        if "resource" in parameters:
            wanted.setdefault(parameters["node"], []).append(parameters["resource"])
    found = States(target, wanted)
    yield found
    found.close()


@pytest.fixture(scope="session", autouse=True)
def under_way(request: pytest.FixtureRequest) -> Iterator[Future[TrafficResults] | None]:
    """The traffic, begun at once where a check asks for it: servers start while other checks run."""
    if not any("measured" in getattr(item, "fixturenames", ()) for item in request.session.items):
        yield None
        return
    target = target_of_session()
    if not target.spec.network.carries_pods:
        yield None
        return
    with ThreadPoolExecutor(max_workers=1) as pool:
        future = pool.submit(_traffic, target)
        yield future
        if not future.cancel():
            future.exception()
    traffic.stop(target)


@pytest.fixture
def measured(target: Target, under_way: Future[TrafficResults] | None, evidence: KeepEvidence) -> TrafficResults:
    """Every answer to every question of traffic, asked once for all checks."""
    if under_way is None:
        pytest.skip(f"mode {target.spec.network.mode} carries no pods")
    return replace(under_way.result(), evidence=evidence)


def _traffic(target: Target) -> TrafficResults:
    try:
        measured, services = traffic.start(target, traffic.image_of(target))
    except (AssertionError, ValueError) as error:
        return TrafficResults(trouble={"": str(error)})
    say(f"servers answer on {len(measured.pods)} nodes, and are asked")
    try:
        traffic.measure(target, measured, services)
    except (AssertionError, ValueError) as error:
        measured.trouble[""] = str(error)
    return measured
