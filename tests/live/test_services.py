"""Services of every type, from inside and outside the cluster."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from underlay.model.check import Check
from underlay.verify import check_runner
from underlay.verify.evidence import KeepEvidence
from underlay.verify.paths import PodPath
from underlay.verify.readiness import kube_proxies
from underlay.verify.target import Target
from underlay.verify.traffic_results import TrafficResults

_PROXY = "kube-proxy's log and rules on"


@pytest.fixture(scope="session")
def settled(target: Target, under_way: Future[TrafficResults] | None) -> None:
    """kube-proxy was waited for, by the traffic where there is any."""
    if under_way is None:
        kube_proxies(target)
    else:
        under_way.result()


@pytest.mark.usefixtures("settled")
def test_kube_proxy(target: Target, check: Check, evidence: KeepEvidence) -> None:
    """kube-proxy runs in the mode asked for, or not at all where the network serves Services"""
    check_runner.expect(target, check, evidence)


def test_cluster_ip(measured: TrafficResults, node: str) -> None:
    """A Service's ClusterIP answers a pod, over TCP"""
    measured.expect(node, "service", look=f"{_PROXY} {node}")


def test_cluster_ip_by_udp(measured: TrafficResults, node: str) -> None:
    """A Service's ClusterIP answers a pod, over UDP"""
    measured.expect(node, "service-udp", look=f"{_PROXY} {node}")


def test_cluster_ip_from_the_node(target: Target, measured: TrafficResults, node: str) -> None:
    """A Service's ClusterIP answers a node"""
    if not target.spec.network.nodes_reach_pods:
        pytest.skip("nodes of this mode reach no pods of others")
    measured.expect(node, "service-host", look=f"{_PROXY} {node}")


def test_second_family(target: Target, measured: TrafficResults, node: str) -> None:
    """A Service's second ClusterIP, of the other IP version, answers pods by TCP and UDP, themselves too, and nodes"""
    if not target.spec.cluster.dual_stack:
        pytest.skip("the cluster is not dual stack")
    asked = ["service", "service-udp", "hairpin", *(["service-host"] if target.spec.network.nodes_reach_pods else [])]
    for question in asked:
        measured.expect(node, f"{question} beside", look=f"{_PROXY} {node}")


def test_hairpin(measured: TrafficResults, node: str) -> None:
    """A pod reaches itself through a Service that leads to its own node alone (internalTrafficPolicy)"""
    measured.expect(node, "hairpin", look=f"hairpin mode of the pods' ports on {node} (`bridge -d link`)")


def test_session_affinity(measured: TrafficResults, node: str) -> None:
    """With session affinity, all connections of a pod come to one endpoint"""
    measured.expect(node, "sticky", look=f"{_PROXY} {node}")


def test_node_port(measured: TrafficResults, path: PodPath) -> None:
    """A NodePort answers at every node's address, asked by nodes"""
    look = f"{_PROXY} {path.other}, and its firewall"
    measured.expect(path.one, f"node-port {path.label}", look=look, needs=(path.other,))


def test_node_port_from_outside(target: Target, measured: TrafficResults, node: str) -> None:
    """A NodePort answers at every node's address, asked from outside"""
    if not target.spec.network.nodes_reach_pods:
        pytest.skip("nodes of this mode reach no pods of others, and hand on what comes from outside to none")
    measured.expect(node, "outside", look=f"{_PROXY} {node}, and firewalls on the way")


def test_external_traffic_policy(measured: TrafficResults, node: str) -> None:
    """With externalTrafficPolicy Local, the endpoint's node alone answers, and shows the client's address"""
    measured.expect(node, "local", look=f"{_PROXY} {node}")


def test_load_balancer(measured: TrafficResults) -> None:
    """A Service of type LoadBalancer answers at its address"""
    measured.expect("", "balanced", look="the provider's log")


def test_endpoints_that_go_away(measured: TrafficResults) -> None:
    """A Service whose last endpoint goes away stops answering"""
    measured.expect("", "gone", look="the endpoint slice controller, and kube-proxy's log")
