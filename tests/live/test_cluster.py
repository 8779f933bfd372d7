"""The cluster is complete: its nodes, system pods, API server and etcd, certificates and clocks."""

from __future__ import annotations

import json

import pytest

from underlay.model.check import Check
from underlay.model.difference import in_words
from underlay.verify import check_runner
from underlay.verify.clock_offsets import Clocks
from underlay.verify.cluster_state import ClusterObjects
from underlay.verify.evidence import KeepEvidence
from underlay.verify.target import Target


def test_nodes_are_members(target: Target, cluster: ClusterObjects) -> None:
    """Cluster: exactly the inventory's hosts are nodes"""
    expected = {n.name for n in target.nodes}
    problems = [f"{n} is not a node" for n in sorted(expected - cluster.nodes.keys())]
    problems += [f"{n} is a node, but not in the inventory" for n in sorted(cluster.nodes.keys() - expected)]
    assert not problems, "; ".join(problems)


def test_node(target: Target, cluster: ClusterObjects, node: str) -> None:
    """Cluster: the node has the requested version, state and addresses"""
    expected_ready = "True" if target.spec.network.carries_pods else "False"
    ready = cluster.ready(node)
    assert ready.startswith(expected_ready), (
        f"Ready is {ready}, expected {expected_ready}; look at the kubelet's journal on {node}"
    )
    pressure = [] if expected_ready == "False" else cluster.pressure(node)
    assert not pressure, f"{'; '.join(pressure)}; look at `kubectl describe node {node}`"
    status = cluster.nodes[node]["status"]
    version, expected_version = status["nodeInfo"]["kubeletVersion"], target.version
    assert version == expected_version, f"the kubelet is {version}, expected {expected_version}"
    addresses = [a["address"] for a in status["addresses"] if a["type"] == "InternalIP"]
    expected = [str(a) for a in target.spec.cluster.node(node).addresses]
    assert addresses == expected, f"InternalIP {in_words(addresses)}, expected {in_words(expected)}"


def test_system_pods(target: Target, cluster: ClusterObjects, evidence: KeepEvidence) -> None:
    """Cluster: every system pod is running"""
    evidence("restarts", "\n".join(cluster.restarts()) or "none")
    not_ready = cluster.not_ready(network=target.spec.network.carries_pods)
    look = "`kubectl describe pod` and `kubectl logs` of them"
    assert not not_ready, f"not running: {', '.join(not_ready)}; look at {look}"


def test_workloads(target: Target, cluster: ClusterObjects) -> None:
    """Cluster: DNS and every system workload have all requested pods, and at least one"""
    incomplete = cluster.incomplete(network=target.spec.network.carries_pods)
    assert not incomplete, f"{', '.join(incomplete)}; look at `kubectl describe` of them"


def test_certificate_requests(cluster: ClusterObjects) -> None:
    """Cluster: no certificate signing request is pending"""
    undecided = cluster.undecided()
    look = "`kubectl get csr`; approve or deny them with `kubectl certificate`"
    assert not undecided, f"pending: {', '.join(undecided)}; look at {look}"


def test_recorded(target: Target) -> None:
    """Cluster: the recorded mode is the inventory's"""
    recorded = json.loads(target.kubectl("get configmap -n kube-system underlay -o jsonpath={.data.spec}"))
    mode, expected = recorded["network"]["mode"], target.spec.network.mode
    assert mode == expected, f"the cluster was made with {mode}, expected {expected}"


def test_api(target: Target, check: Check, evidence: KeepEvidence) -> None:
    """Cluster: the API server answers every node at the control plane endpoint"""
    check_runner.expect(target, check, evidence)


def test_etcd(target: Target, check: Check, evidence: KeepEvidence) -> None:
    """Cluster: etcd has exactly the control plane as members, a leader and no alarm"""
    check_runner.expect(target, check, evidence)


def test_certificates(target: Target, check: Check, evidence: KeepEvidence) -> None:
    """Cluster: certificates are valid for a month at least"""
    check_runner.expect(target, check, evidence)


def test_clocks(clocks: Clocks, hostname: str) -> None:
    """Cluster: the clocks of all hosts agree"""
    problem = clocks.problem(hostname)
    assert problem is None, f"{problem}; look at `timedatectl` on {hostname}"
    if doubt := clocks.doubt(hostname):
        pytest.skip(doubt)
