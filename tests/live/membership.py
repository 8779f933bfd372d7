"""What the API says of the cluster at one moment: its nodes, pods and certificate requests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from .probe_objects import NAMESPACE
from .target import Target


@dataclass(frozen=True)
class Membership:
    """Objects as the API has them; pods of the verification itself are left out."""

    nodes: dict[str, dict[str, Any]]
    pods: list[dict[str, Any]]
    requests: list[dict[str, Any]]

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

    def restarts(self) -> list[str]:
        """System pods whose containers were started again, each with how often and why the last ended."""
        told = []
        for pod in self.pods:
            for status in pod["status"].get("containerStatuses", ()):
                if count := status.get("restartCount", 0):
                    ended = status.get("lastState", {}).get("terminated", {})
                    why = f", last {ended.get('reason', '?')} at {ended.get('finishedAt', '?')}" if ended else ""
                    told.append(f"{pod['metadata']['name']}: {count} times{why}")
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
    items = json.loads(target.kubectl("get nodes,pods,certificatesigningrequests -A -o json"))["items"]
    of: dict[str, list[dict[str, Any]]] = {"Node": [], "Pod": [], "CertificateSigningRequest": []}
    for item in items:
        of[item["kind"]].append(item)
    pods = [p for p in of["Pod"] if p["metadata"]["namespace"] != NAMESPACE]
    return Membership({n["metadata"]["name"]: n for n in of["Node"]}, pods, of["CertificateSigningRequest"])


def _is(status: dict[str, Any], condition: str) -> bool:
    return any(c["type"] == condition and c["status"] == "True" for c in status.get("conditions", ()))
