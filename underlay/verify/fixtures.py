"""Fixtures of the live tests: the target cluster, and what is measured of it once for all checks."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import pytest

from underlay.model.cluster_policy import KIND
from underlay.resources.resource import Resource

from . import bgp_sessions, clock_offsets, cluster_policies, cluster_state, network_policies, server_pods, traffic
from .bgp_sessions import BgpStatus
from .clock_offsets import Clocks
from .cluster_state import ClusterObjects
from .evidence import KeepEvidence
from .network_policies import PolicyResults
from .readiness import wait_for_kube_proxy
from .resource_states import ResourceStates
from .target import Target, target_of_session
from .traffic_results import TrafficResults


@pytest.fixture(scope="session")
def target() -> Target:
    return target_of_session()


@pytest.fixture(scope="session")
def cluster(target: Target) -> ClusterObjects:
    """Nodes, pods and workloads as the API has them, once all are ready or the time for it is over."""
    return cluster_state.read_when_ready(target)


@pytest.fixture(scope="session")
def clocks(target: Target) -> Clocks:
    return clock_offsets.read(target.host, list(target.variables))


@pytest.fixture(scope="session")
def bgp(target: Target) -> BgpStatus:
    """Every BGP session as both ends report it, once all are up or the time for it is over."""
    return bgp_sessions.read_when_up(target)


@pytest.fixture(scope="session")
def states(request: pytest.FixtureRequest, target: Target) -> Iterator[ResourceStates]:
    """The states of the resources whose checks were selected."""
    selected: dict[str, list[Resource]] = {}
    for item in request.session.items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        if "resource" in parameters:
            selected.setdefault(parameters["node"], []).append(parameters["resource"])
    found = ResourceStates(target, selected)
    yield found
    found.close()


@pytest.fixture(scope="session", autouse=True)
def traffic_run(request: pytest.FixtureRequest) -> Iterator[Future[TrafficResults] | None]:
    """The traffic, started at once where a selected check needs it: servers start while other checks run."""
    if not any("measured" in getattr(item, "fixturenames", ()) for item in request.session.items):
        yield None
        return
    target = target_of_session()
    if not target.spec.network.carries_pods:
        yield None
        return
    with ThreadPoolExecutor(max_workers=1) as pool:
        future = pool.submit(traffic.run, target)
        yield future
        if not future.cancel():
            future.exception()
    server_pods.stop(target)


@pytest.fixture
def measured(target: Target, traffic_run: Future[TrafficResults] | None, evidence: KeepEvidence) -> TrafficResults:
    """The results of all traffic probes, run once for all checks."""
    if traffic_run is None:
        pytest.skip(f"mode {target.spec.network.mode} carries no pods")
    return replace(traffic_run.result(), evidence=evidence)


@pytest.fixture(scope="session")
def kube_proxy_ready(target: Target, traffic_run: Future[TrafficResults] | None) -> None:
    """kube-proxy was waited for, by the traffic where there is any."""
    if traffic_run is None:
        wait_for_kube_proxy(target)
    else:
        traffic_run.result()


@pytest.fixture(scope="session")
def policy_results(target: Target, traffic_run: Future[TrafficResults] | None) -> PolicyResults:
    """The result of each connection without any policy, and with them."""
    network = target.spec.network
    if not target.spec.enforcer:
        pytest.skip(f"mode {network.mode} enforces no NetworkPolicy: what policies forbid passes")
    if traffic_run is None:
        pytest.skip(f"mode {network.mode} carries no pods")
    traffic_run.result()
    return network_policies.measure(target, server_pods.image_of(target))


@pytest.fixture(scope="session")
def cluster_policy_results(target: Target, traffic_run: Future[TrafficResults] | None) -> PolicyResults:
    """The result of each connection without any policy of the cluster, and with them."""
    if not target.spec.network.traits.cluster_policy.enforced:
        pytest.skip(f"mode {target.spec.network.mode} enforces no {KIND}")
    if traffic_run is None:
        pytest.skip(f"mode {target.spec.network.mode} carries no pods")
    traffic_run.result()
    if missing := cluster_policies.undefined(target):
        pytest.skip(f"not tested: {missing}")
    return cluster_policies.measure(target, server_pods.image_of(target))
