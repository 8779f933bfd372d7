"""The cluster is whole: its nodes, its system pods, the API and etcd, certificates, clocks."""

from __future__ import annotations

import json
import time

import pytest

from underlay.model.check import Check
from underlay.verify import check_runner, clock_offsets, cluster_state
from underlay.verify.clock_offsets import Clocks
from underlay.verify.cluster_state import Membership
from underlay.verify.evidence import KeepEvidence
from underlay.verify.target import Target
from underlay.verify.timeouts import PATIENCE


@pytest.fixture(scope="session")
def whole(target: Target) -> Membership:
    """What the API says once nothing is waited for any more, or patience is at its end."""
    until = time.monotonic() + PATIENCE
    dns = target.spec.network.carries_pods
    while True:
        seen = cluster_state.read(target)
        waiting = seen.waiting(dns=dns) or seen.short(dns=dns)
        if time.monotonic() > until or not (
            waiting or any(not seen.ready(n.name).startswith(str(dns)) for n in target.nodes)
        ):
            return seen
        time.sleep(1)


def test_nodes_are_members(target: Target, whole: Membership) -> None:
    """Cluster: exactly the inventory's hosts are nodes"""
    missing = sorted({n.name for n in target.nodes} - whole.nodes.keys())
    more = sorted(whole.nodes.keys() - {n.name for n in target.nodes})
    told = [f"{n} is no node" for n in missing] + [f"{n} is a node, and not in the inventory" for n in more]
    assert not told, "; ".join(told)


def test_node(target: Target, whole: Membership, node: str) -> None:
    """Cluster: node has the asked version, state and address"""
    want = "True" if target.spec.network.carries_pods else "False"
    ready = whole.ready(node)
    assert ready.startswith(want), f"Ready is {ready}, not {want}; look at the kubelet's journal on {node}"
    pressed = [] if want == "False" else whole.pressed(node)
    assert not pressed, f"{'; '.join(pressed)}; look at `kubectl describe node {node}`"
    status = whole.nodes[node]["status"]
    version, asked = status["nodeInfo"]["kubeletVersion"], target.spec.cluster.kubernetes_version
    assert version == asked, f"the kubelet is {version}, not {asked}"
    addresses = [a["address"] for a in status["addresses"] if a["type"] == "InternalIP"]
    wanted = [str(a) for a in target.spec.cluster.node(node).addresses]
    assert addresses == wanted, f"its addresses are {addresses}, not {wanted}"


def test_system_pods(target: Target, whole: Membership, evidence: KeepEvidence) -> None:
    """Cluster: every system pod runs"""
    restarts = whole.restarts()
    evidence("restarts", "\n".join(restarts) or "none")
    waiting = whole.waiting(dns=target.spec.network.carries_pods)
    look = "`kubectl describe pod` and `kubectl logs` of them"
    assert not waiting, f"not running: {', '.join(waiting)}; look at {look}"


def test_workloads(target: Target, whole: Membership) -> None:
    """Cluster: DNS and every system workload have all the pods they ask for, and at least one"""
    short = whole.short(dns=target.spec.network.carries_pods)
    assert not short, f"{', '.join(short)}; look at `kubectl describe` of them"


def test_certificate_requests(whole: Membership) -> None:
    """Cluster: no certificate request waits for a decision"""
    pending = whole.pending()
    look = "`kubectl get csr`; approve or deny them by `kubectl certificate`"
    assert not pending, f"undecided: {', '.join(pending)}; look at {look}"


def test_recorded(target: Target) -> None:
    """Cluster: the recorded mode is the inventory's"""
    recorded = json.loads(target.kubectl("get configmap -n kube-system underlay -o jsonpath={.data.spec}"))
    seen, wanted = recorded["network"]["mode"], target.spec.network.mode
    assert seen == wanted, f"the cluster was made with {seen}, not {wanted}"


def test_api(target: Target, check: Check, evidence: KeepEvidence) -> None:
    """Cluster: the API answers every node through the endpoint people use"""
    check_runner.expect(target, check, evidence)


def test_etcd(target: Target, check: Check, evidence: KeepEvidence) -> None:
    """Cluster: etcd has exactly the control plane as members, a leader and no alarm"""
    check_runner.expect(target, check, evidence)


def test_certificates(target: Target, check: Check, evidence: KeepEvidence) -> None:
    """Cluster: certificates are good for a month at least"""
    check_runner.expect(target, check, evidence)


@pytest.fixture(scope="session")
def told_time(target: Target) -> Clocks:
    """The clocks of all hosts, asked once."""
    return clock_offsets.read(target.host, list(target.variables))


def test_clocks(told_time: Clocks, asked: str) -> None:
    """Cluster: the clocks of all hosts agree"""
    problem = told_time.problem(asked)
    assert problem is None, f"{problem}; look at `timedatectl` on {asked}"
    if doubt := told_time.doubt(asked):
        pytest.skip(doubt)
