"""The status of a node's agent, from its own API on the host: no kubeconfig, no exec."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.difference import difference

SOCKET = "/run/cilium/cilium.sock"


def query(path: str) -> str:
    """A shell command that prints the response of the agent's API to a path below /v1."""
    return f"curl -sS --fail --max-time 10 --unix-socket {SOCKET} http://localhost/v1/{path}"


def status_checks(cluster: Cluster, expected: Mapping[str, Any]) -> list[Check]:
    """Whether the agent of every node reports these values, by the names of `observed_status`."""
    judge = partial(_judge, dict(expected))
    return [Check("the agent's status", n.name, query("healthz"), judge) for n in cluster.nodes]


def observed_status(output: str) -> dict[str, Any]:
    """The response of healthz (StatusResponse of v1.20.2, api/v1/models) by the names of the checks; absent is off."""
    status = json.loads(output)
    routing, proxy = status.get("routing", {}), status.get("kube-proxy-replacement", {})
    encryption, masquerading = status.get("encryption", {}), status.get("masquerading", {})
    protocol = routing.get("tunnel-protocol", "")
    mode = routing.get("inter-host-routing-mode", "")
    interfaces = (encryption.get("wireguard") or {}).get("interfaces") or ()
    clusters = (status.get("cluster-mesh") or {}).get("clusters") or ()
    return {
        "state": status.get("cilium", {}).get("state", ""),
        "version": status.get("cilium", {}).get("msg", "").partition(" ")[0],
        "routing": f"{mode} [{protocol}]" if mode == "Tunnel" else mode,
        "masquerading": masquerading.get("mode", "") if masquerading.get("enabled") else "",
        "kube-proxy replaced": proxy.get("mode") == "True",
        "socket LB": bool(proxy.get("features", {}).get("socketLB", {}).get("enabled")),
        "encryption": encryption.get("mode", "Disabled"),
        "WireGuard peers": sum(i.get("peer-count", 0) for i in interfaces),
        "clusters": sorted(c["name"] for c in clusters if c.get("ready")),
    }


def _judge(expected: Mapping[str, Any], output: str) -> str | None:
    observed = observed_status(output)
    return difference(observed, {"state": "Ok"}) or difference(observed, expected) or None
