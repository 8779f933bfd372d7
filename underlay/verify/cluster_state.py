"""What the API says of the cluster at one moment: its nodes, pods and certificate requests."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from underlay.load_balancers import metallb

from .probe_objects import NAMESPACE
from .target import Target

# Where the cluster itself runs.
NAMESPACE_OF_SYSTEM = "kube-system"


def restarted(pods: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """Containers that were started again: their pods, their states, and how the last one ended."""
    for pod in pods:
        for status in pod["status"].get("containerStatuses", ()):
            if status.get("restartCount", 0):
                yield pod, status, status.get("lastState", {}).get("terminated", {})


@dataclass(frozen=True)
class Membership:
    """Objects as the API has them; pods of the verification itself are left out."""

    nodes: dict[str, dict[str, Any]]
    pods: list[dict[str, Any]]
    requests: list[dict[str, Any]]
    workloads: list[dict[str, Any]]
    """Deployments and DaemonSets of the cluster itself, and of its load balancers' provider."""

    def waiting(self, *, dns: bool) -> list[str]:
        """Pods that do not serve, each with its phase; without `dns`, those of CoreDNS are none of them."""
        told = []
        for pod in self.pods:
            name, status = pod["metadata"]["name"], pod["status"]
            finished = status.get("phase") == "Succeeded"
            if finished or _is(status, "Ready") or (name.startswith("coredns") and not dns):
                continue
            reasons = [next(iter(s["state"].values())).get("reason") for s in status.get("containerStatuses", ())]
            told.append(f"{name} ({', '.join(filter(None, [status.get('phase'), *reasons]))})")
        return sorted(told)

    def short(self, *, dns: bool) -> list[str]:
        """Workloads that have fewer pods than they ask for, or none; without `dns`, CoreDNS is none of them."""
        told = []
        for item in self.workloads:
            status, name = item["status"], item["metadata"]["name"]
            if name == "coredns" and not dns:
                continue
            asked = status.get("desiredNumberScheduled", item["spec"].get("replicas", 0))
            have = status.get("numberReady", status.get("readyReplicas", 0))
            selected = item["spec"]["template"]["spec"].get("nodeSelector", {}).keys() - {"kubernetes.io/os"}
            if have < max(asked, 0 if selected else 1):
                told.append(f"{name} has {have} of {max(asked, 1)}")
        return told

    def restarts(self) -> list[str]:
        """System pods whose containers were started again, each with how often and why the last ended."""
        told = []
        for pod, status, ended in restarted(self.pods):
            why = f", last {ended.get('reason', '?')} at {ended.get('finishedAt', '?')}" if ended else ""
            told.append(f"{pod['metadata']['name']}: {status['restartCount']} times{why}")
        return sorted(told)

    def pending(self) -> list[str]:
        """Certificate requests that nobody has decided on."""
        return sorted(r["metadata"]["name"] for r in self.requests if not r["status"].get("conditions"))

    def ready(self, node: str) -> str:
        """True, False or Unknown, with what the kubelet says."""
        return next(
            (f"{c['status']}: {c['message']}" for c in self._conditions(node) if c["type"] == "Ready"), "Unknown"
        )

    def pressed(self, node: str) -> list[str]:
        """Conditions beside Ready that hold: pressure of memory or disk, no network."""
        return [
            f"{c['type']}: {c['message']}"
            for c in self._conditions(node)
            if c["type"] != "Ready" and c["status"] == "True"
        ]

    def _conditions(self, node: str) -> list[dict[str, Any]]:
        return list(self.nodes.get(node, {}).get("status", {}).get("conditions", ()))


def read(target: Target) -> Membership:
    """One question to the API."""
    kinds = "nodes,pods,certificatesigningrequests,deployments,daemonsets"
    of: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for item in json.loads(target.kubectl(f"get {kinds} -A -o json"))["items"]:
        of[item["kind"]].append(item)
    pods = [p for p in of["Pod"] if p["metadata"]["namespace"] != NAMESPACE]
    nodes = {n["metadata"]["name"]: n for n in of["Node"]}
    of_system = {NAMESPACE_OF_SYSTEM, *([metallb.NAMESPACE] if target.spec.load_balancer else [])}
    workloads = [w for w in (*of["Deployment"], *of["DaemonSet"]) if w["metadata"]["namespace"] in of_system]
    return Membership(nodes, pods, of["CertificateSigningRequest"], workloads)


def _is(status: dict[str, Any], condition: str) -> bool:
    return any(c["type"] == condition and c["status"] == "True" for c in status.get("conditions", ()))
