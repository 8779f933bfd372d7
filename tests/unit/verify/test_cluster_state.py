"""The state of nodes, pods, workloads and certificate signing requests, as the API has it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast

import pytest

from tests.unit.clusters import spec
from underlay.inventory.spec import Spec
from underlay.verify.cluster_state import ClusterObjects, read
from underlay.verify.target import Target


def pod(
    name: str,
    *,
    ready: bool = True,
    phase: str = "Running",
    restarts: int = 0,
    reason: str = "",
    host_network: bool = False,
) -> dict[str, Any]:
    state = {"waiting": {"reason": reason}} if reason else {"running": {}}
    ended = {"terminated": {"reason": "Error", "finishedAt": "2026-01-01T00:00:00Z"}} if restarts else {}
    container = {"restartCount": restarts, "state": state, "lastState": ended}
    conditions = [{"type": "Ready", "status": str(ready)}]
    return {
        "metadata": {"name": name, "namespace": "kube-system"},
        "spec": {"hostNetwork": True} if host_network else {},
        "status": {"phase": phase, "conditions": conditions, "containerStatuses": [container]},
    }


def state(*pods: dict[str, Any], **more: Any) -> ClusterObjects:
    return ClusterObjects(**{"nodes": {}, "pods": list(pods), "requests": [], "workloads": [], **more})


@pytest.mark.parametrize(
    ("pods", "network", "expected"),
    [
        ([pod("a")], True, []),
        ([pod("done", ready=False, phase="Succeeded")], True, []),
        ([pod("b", ready=False, reason="CrashLoopBackOff"), pod("a", ready=False, phase="Pending")], True,
         ["a (Pending)", "b (Running, CrashLoopBackOff)"]),
        ([pod("coredns-1", ready=False)], True, ["coredns-1 (Running)"]),
        ([pod("coredns-1", ready=False), pod("web", ready=False, phase="Pending")], False, []),
        ([pod("etcd-1", ready=False, host_network=True)], False, ["etcd-1 (Running)"]),
    ],
)  # fmt: skip
def test_reports_every_pod_that_is_not_ready(pods: list[dict[str, Any]], network: bool, expected: list[str]) -> None:
    assert state(*pods).not_ready(network=network) == expected


def test_reports_restarts_with_how_the_last_ended() -> None:
    assert state(pod("a"), pod("b", restarts=2)).restarts() == ["b: 2 times, last Error at 2026-01-01T00:00:00Z"]


def test_a_request_without_a_condition_is_undecided() -> None:
    requests = [
        {"metadata": {"name": "new"}, "status": {}},
        {"metadata": {"name": "old"}, "status": {"conditions": [{"type": "Approved"}]}},
    ]
    assert state(requests=requests).undecided() == ["new"]


def test_pressure_on_a_node_is_reported_apart_from_its_state() -> None:
    conditions = [
        {"type": "MemoryPressure", "status": "True", "message": "low"},
        {"type": "DiskPressure", "status": "False", "message": "fine"},
        {"type": "Ready", "status": "True", "message": "posting"},
    ]
    found = state(nodes={"w-1": {"status": {"conditions": conditions}}})
    assert found.ready("w-1") == "True: posting"
    assert found.pressure("w-1") == ["MemoryPressure: low"]
    assert found.ready("w-2") == "Unknown"


def workload(name: str, **fields: Any) -> dict[str, Any]:
    spec = {"template": {"spec": {"nodeSelector": fields.pop("selector", {"kubernetes.io/os": "linux"})}}}
    spec |= {"replicas": fields.pop("replicas")} if "replicas" in fields else {}
    return {"metadata": {"name": name}, "spec": spec, "status": fields}


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (workload("kube-proxy", desiredNumberScheduled=3, numberReady=3), []),
        (workload("kube-proxy", desiredNumberScheduled=3, numberReady=2), ["kube-proxy: 2 pods ready, expected 3"]),
        (workload("kube-proxy", desiredNumberScheduled=0, numberReady=0), ["kube-proxy: 0 pods ready, expected 1"]),
        (workload("gpu", selector={"gpu": "yes"}, desiredNumberScheduled=0, numberReady=0), []),
        (workload("coredns", replicas=2, readyReplicas=2), []),
        (workload("coredns", replicas=2), ["coredns: 0 pods ready, expected 2"]),
        (workload("coredns", replicas=0), ["coredns: 0 pods ready, expected 1"]),
    ],
)
def test_reports_workloads_with_too_few_pods(item: dict[str, Any], expected: list[str]) -> None:
    assert state(workloads=[item]).incomplete(network=True) == expected


@pytest.mark.parametrize(
    ("mode", "namespaces"),
    [
        ("calico-vxlan", {"tigera-operator", "calico-system", "kube-system"}),
        ("cilium-vxlan", {"kube-system"}),
        ("flannel-vxlan", {"kube-flannel"}),
        ("none", set()),
    ],
)
def test_workloads_count_wherever_a_mode_puts_its_own(mode: str, namespaces: set[str]) -> None:
    items = [workload(f"of {name}") | {"kind": "DaemonSet"} for name in ("shop", "kube-system", *sorted(namespaces))]
    for item, name in zip(items, ("shop", "kube-system", *sorted(namespaces)), strict=True):
        item["metadata"]["namespace"] = name
    found = read(cast(Target, Answer(spec(mode), json.dumps({"items": items}))))
    assert {w["metadata"]["namespace"] for w in found.workloads} == namespaces | {"kube-system"}


@dataclass
class Answer:
    """A target whose API server says one thing."""

    spec: Spec
    said: str

    def kubectl(self, _command: str) -> str:
        return self.said


def test_without_a_pod_network_those_that_need_none_are_expected() -> None:
    proxy = workload("kube-proxy", desiredNumberScheduled=3, numberReady=2)
    proxy["spec"]["template"]["spec"]["hostNetwork"] = True
    found = state(workloads=[workload("coredns", replicas=2), workload("provisioner", replicas=1), proxy])
    assert found.incomplete(network=False) == ["kube-proxy: 2 pods ready, expected 3"]
