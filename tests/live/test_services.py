"""Services of every type, from inside and outside the cluster."""

from __future__ import annotations

import pytest

from underlay.model.check import Check
from underlay.verify import check_runner
from underlay.verify.evidence import KeepEvidence
from underlay.verify.paths import PodPath
from underlay.verify.target import Target
from underlay.verify.traffic_results import TrafficResults

_PROXY = "kube-proxy's log and rules on"


@pytest.mark.usefixtures("kube_proxy_ready")
def test_kube_proxy(target: Target, check: Check, evidence: KeepEvidence) -> None:
    """kube-proxy runs in the requested mode, or not at all where the network replaces it"""
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
    """A Service's second ClusterIP, of the other IP version, answers pods over TCP and UDP, in a hairpin, and nodes"""
    if not target.spec.cluster.dual_stack:
        pytest.skip("the cluster is not dual stack")
    probes = ["service", "service-udp", "hairpin", *(["service-host"] if target.spec.network.nodes_reach_pods else [])]
    for probe in probes:
        measured.expect(node, f"{probe} secondary", look=f"{_PROXY} {node}")


def test_hairpin(measured: TrafficResults, node: str) -> None:
    """A pod reaches itself through a Service with internalTrafficPolicy Local (hairpin)"""
    measured.expect(node, "hairpin", look=f"hairpin mode of the pods' ports on {node} (`bridge -d link`)")


def test_session_affinity(measured: TrafficResults, node: str) -> None:
    """With session affinity, all connections of a pod reach one endpoint"""
    measured.expect(node, "sticky", look=f"{_PROXY} {node}")


def test_node_port(measured: TrafficResults, path: PodPath) -> None:
    """A NodePort answers at every node's address, from nodes"""
    look = f"{_PROXY} {path.other}, and its firewall"
    measured.expect(path.one, f"node-port {path.label}", look=look, needs=(path.other,))


def test_node_port_from_outside(target: Target, measured: TrafficResults, node: str) -> None:
    """A NodePort answers at every node's address, from outside the cluster"""
    if not target.spec.network.nodes_reach_pods:
        pytest.skip("nodes of this mode reach no pods of others, and cannot forward to them from outside")
    measured.expect(node, "outside", look=f"{_PROXY} {node}, and firewalls on the path")


def test_external_traffic_policy(measured: TrafficResults, node: str) -> None:
    """With externalTrafficPolicy Local, only the endpoint's node answers, and the client's address is preserved"""
    measured.expect(node, "local", look=f"{_PROXY} {node}")


def test_load_balancer(measured: TrafficResults) -> None:
    """A Service of type LoadBalancer answers at its address"""
    measured.expect("", "balanced", look="the provider's log")


def test_removed_endpoint(measured: TrafficResults) -> None:
    """A Service whose last endpoint is removed stops answering"""
    measured.expect("", "removed endpoint", look="the EndpointSlice controller, and kube-proxy's log")
