"""What the agent of a node says of itself, asked by its own API on the host: no kubeconfig, no exec."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from underlay.model.check import Check
from underlay.model.cluster import Cluster

SOCKET = "/run/cilium/cilium.sock"


def ask(what: str) -> str:
    """Shell that prints an answer of the agent's API."""
    return f"curl -sS --fail --max-time 10 --unix-socket {SOCKET} http://localhost/v1/{what}"


def status_checks(cluster: Cluster, wanted: Mapping[str, Any]) -> list[Check]:
    judge = partial(_judge, dict(wanted))
    return [Check("the agent's own word", n.name, ask("healthz"), judge) for n in cluster.nodes]


def seen(output: str) -> dict[str, Any]:
    """The answer to healthz (StatusResponse of v1.20.2, api/v1/models) in our words; what it leaves out is off."""
    said = json.loads(output)
    routing, proxy = said.get("routing", {}), said.get("kube-proxy-replacement", {})
    encryption, masquerading = said.get("encryption", {}), said.get("masquerading", {})
    protocol = routing.get("tunnel-protocol", "")
    mode = routing.get("inter-host-routing-mode", "")
    interfaces = (encryption.get("wireguard") or {}).get("interfaces") or ()
    clusters = (said.get("cluster-mesh") or {}).get("clusters") or ()
    return {
        "state": said.get("cilium", {}).get("state", ""),
        "version": said.get("cilium", {}).get("msg", "").partition(" ")[0],
        "routing": f"{mode} [{protocol}]" if mode == "Tunnel" else mode,
        "masquerading": masquerading.get("mode", "") if masquerading.get("enabled") else "",
        "kube-proxy replaced": proxy.get("mode") == "True",
        "socket LB": bool(proxy.get("features", {}).get("socketLB", {}).get("enabled")),
        "encryption": encryption.get("mode", "Disabled"),
        "WireGuard peers": sum(i.get("peer-count", 0) for i in interfaces),
        "clusters": sorted(c["name"] for c in clusters if c.get("ready")),
    }


def _judge(wanted: Mapping[str, Any], output: str) -> str | None:
    answer = seen(output)
    if answer["state"] != "Ok":
        return f"the agent is {answer['state'] or 'silent about its state'}, not Ok"
    wrong = [f"{name} is {answer[name]!r}, not {value!r}" for name, value in wanted.items() if answer[name] != value]
    return "; ".join(wrong) or None
