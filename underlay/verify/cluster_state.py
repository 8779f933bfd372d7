"""The cluster's own objects as the API has them: nodes, pods, workloads and certificate signing requests."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from underlay.inventory.spec import Spec
from underlay.plan.cluster_objects import beside_network

from .probe_objects import NAMESPACE
from .readiness import patience_s
from .target import Target

# Where the cluster itself runs.
SYSTEM_NAMESPACE = "kube-system"


def restarted(pods: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """Containers that were restarted: their pods, their states, and how the previous one ended."""
    for pod in pods:
        for status in pod["status"].get("containerStatuses", ()):
            if status.get("restartCount", 0):
                yield pod, status, status.get("lastState", {}).get("terminated", {})


@dataclass(frozen=True)
class ClusterObjects:
    """Objects as the API has them; the pods of the verification itself are left out."""

    nodes: dict[str, dict[str, Any]]
    pods: list[dict[str, Any]]
    requests: list[dict[str, Any]]
    workloads: list[dict[str, Any]]
    """Deployments and DaemonSets of the cluster itself, of its network, and of its load balancer."""

    def not_ready(self, *, network: bool) -> list[str]:
        """Pods that are not ready, each with its phase; without a `network`, those that wait for one do not count."""
        found = []
        for pod in self.pods:
            name, status = pod["metadata"]["name"], pod["status"]
            finished = status.get("phase") == "Succeeded"
            if finished or _is(status, "Ready") or not (network or pod["spec"].get("hostNetwork")):
                continue
            reasons = [next(iter(s["state"].values())).get("reason") for s in status.get("containerStatuses", ())]
            found.append(f"{name} ({', '.join(filter(None, [status.get('phase'), *reasons]))})")
        return sorted(found)

    def incomplete(self, *, network: bool) -> list[str]:
        """Workloads with fewer ready pods than requested, or none; without a `network`, those that wait for one do not
        count."""
        found = []
        for item in self.workloads:
            status, name = item["status"], item["metadata"]["name"]
            if not (network or item["spec"]["template"]["spec"].get("hostNetwork")):
                continue
            requested = status.get("desiredNumberScheduled", item["spec"].get("replicas", 0))
            ready = status.get("numberReady", status.get("readyReplicas", 0))
            selected = item["spec"]["template"]["spec"].get("nodeSelector", {}).keys() - {"kubernetes.io/os"}
            expected = max(requested, 0 if selected else 1)
            if ready < expected:
                found.append(f"{name}: {ready} pods ready, expected {expected}")
        return found

    def restarts(self) -> list[str]:
        """System pods whose containers were restarted, each with how often and why the previous one ended."""
        found = []
        for pod, status, ended in restarted(self.pods):
            why = f", last {ended.get('reason', '?')} at {ended.get('finishedAt', '?')}" if ended else ""
            found.append(f"{pod['metadata']['name']}: {status['restartCount']} times{why}")
        return sorted(found)

    def undecided(self) -> list[str]:
        """Certificate signing requests that are neither approved nor denied."""
        return sorted(r["metadata"]["name"] for r in self.requests if not r["status"].get("conditions"))

    def ready(self, node: str) -> str:
        """True, False or Unknown, with the kubelet's message."""
        return next(
            (f"{c['status']}: {c['message']}" for c in self._conditions(node) if c["type"] == "Ready"), "Unknown"
        )

    def pressure(self, node: str) -> list[str]:
        """Conditions other than Ready that hold: pressure on memory or disk, no network."""
        return [
            f"{c['type']}: {c['message']}"
            for c in self._conditions(node)
            if c["type"] != "Ready" and c["status"] == "True"
        ]

    def _conditions(self, node: str) -> list[dict[str, Any]]:
        return list(self.nodes.get(node, {}).get("status", {}).get("conditions", ()))


def read_when_ready(target: Target) -> ClusterObjects:
    """Read again until nodes, pods and workloads are ready, or patience is over."""
    deadline, network = time.monotonic() + patience_s(target), target.spec.network.carries_pods
    while True:
        state = read(target)
        nodes_ready = all(state.ready(n.name).startswith(str(network)) for n in target.nodes)
        if time.monotonic() > deadline or not (
            state.not_ready(network=network) or state.incomplete(network=network) or not nodes_ready
        ):
            return state
        time.sleep(1)


def read(target: Target) -> ClusterObjects:
    """One request to the API."""
    kinds = "nodes,pods,certificatesigningrequests,deployments,daemonsets"
    of: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for item in json.loads(target.kubectl(f"get {kinds} -A -o json"))["items"]:
        of[item["kind"]].append(item)
    pods = [p for p in of["Pod"] if p["metadata"]["namespace"] != NAMESPACE]
    nodes = {n["metadata"]["name"]: n for n in of["Node"]}
    system = {SYSTEM_NAMESPACE, *namespaces(target.spec)}
    workloads = [w for w in (*of["Deployment"], *of["DaemonSet"]) if w["metadata"]["namespace"] in system]
    return ClusterObjects(nodes, pods, of["CertificateSigningRequest"], workloads)


def namespaces(spec: Spec) -> frozenset[str]:
    """Where the network and what stands beside it have their workloads."""
    return spec.network.addon(spec.cluster).namespaces.union(*(a.namespaces for a in beside_network(spec)))


def _is(status: dict[str, Any], condition: str) -> bool:
    return any(c["type"] == condition and c["status"] == "True" for c in status.get("conditions", ()))
