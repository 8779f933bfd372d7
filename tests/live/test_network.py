"""The mode is in effect, and pods reach one another as Kubernetes' network model requires."""

from __future__ import annotations

import pytest

from underlay.model.check import Check
from underlay.verify import check_runner
from underlay.verify.evidence import KeepEvidence
from underlay.verify.paths import PodPath
from underlay.verify.target import Target
from underlay.verify.traffic_results import TrafficResults


def test_mode(target: Target, check: Check, evidence: KeepEvidence) -> None:
    """The mode's own links and routes"""
    check_runner.expect(target, check, evidence)


def test_no_other_mode(target: Target, check: Check, evidence: KeepEvidence) -> None:
    """No link, route or configuration of another mode"""
    check_runner.expect(target, check, evidence)


def test_pods(measured: TrafficResults, node: str) -> None:
    """Pods start on every node"""
    problem = measured.errors.get(node) or measured.errors.get("")
    look = "/etc/cni/net.d and the kubelet's log there"
    assert problem is None, f"no server pod on {node}: {problem}; look at {look}"
    if measured.kept:
        pytest.skip("its server pod was kept from an earlier verification: whether a new one starts was not tested")


def test_pod_mtu(measured: TrafficResults, node: str) -> None:
    """Pods have the mode's MTU"""
    measured.expect(node, "mtu", look="the CNI configuration in /etc/cni/net.d, and `ip link` in the pod")


def test_body(measured: TrafficResults, path: PodPath) -> None:
    """Pod to pod, 10 MB over TCP"""
    look = f"routes on {path.one} and {path.other}, and packet filters between them"
    measured.expect(path.one, f"body {path.label}", look=look, needs=(path.other,))


def test_source(measured: TrafficResults, path: PodPath) -> None:
    """Pod to pod, the source address is the pod's own"""
    look = f"NAT rules on {path.one} (`nft list ruleset`)"
    measured.expect(path.one, f"source {path.label}", look=look, needs=(path.other,))


def test_udp(measured: TrafficResults, path: PodPath) -> None:
    """Pod to pod, small packets over UDP, from the pod's own address"""
    look = f"NAT rules and packet filters for UDP on {path.one} and {path.other}"
    measured.expect(path.one, f"udp {path.label}", look=look, needs=(path.other,))


def test_packet(measured: TrafficResults, path: PodPath) -> None:
    """Pod to pod, the largest packet passes unfragmented and one byte more does not"""
    look = f"MTUs of every link from {path.one} to {path.other} (`ip link`)"
    measured.expect(path.one, f"packet {path.label}", look=look, needs=(path.other,))


def test_wire(measured: TrafficResults, path: PodPath, evidence: KeepEvidence) -> None:
    """On the wire between two nodes: the mode's own packets in both directions, and no forbidden ones"""
    evidence("capture", measured.captures.get((path.one, path.label), "none"))
    look = f"`ip route` and `ip -details link` on {path.one} and {path.other}"
    measured.expect(path.one, f"wire {path.label}", look=look, needs=(path.other,))


def test_host(measured: TrafficResults, path: PodPath) -> None:
    """Node to pod, 1 MB over TCP"""
    look = f"routes and packet filters on {path.one}"
    measured.expect(path.one, f"host {path.label}", look=look, needs=(path.other,))


def test_to_node(measured: TrafficResults, path: PodPath) -> None:
    """Pod to node, the kubelet answers"""
    look = f"the firewall of {path.other}, and masquerading on {path.one}"
    measured.expect(path.one, f"node {path.label}", look=look, needs=(path.other,))


def test_host_port(measured: TrafficResults, path: PodPath) -> None:
    """A pod's hostPort answers at its node's address"""
    look = f"the plugin portmap in /etc/cni/net.d of {path.other}, and its rules"
    measured.expect(path.one, f"host-port {path.label}", look=look, needs=(path.other,))
