"""Checks of the control plane and kube-proxy: the API server, etcd's members and alarms, the mode of kube-proxy."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from underlay.inventory.host_names import bracketed
from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.networks.network import Network

from .kube_proxy_address import health_url, mode_url

_PKI = "/etc/kubernetes/pki"
_KUBELET = "/var/lib/kubelet/pki/kubelet-client-current.pem"


def api_checks(cluster: Cluster) -> list[Check]:
    """The API server answers every node by the name that people and kubelets use, with a certificate of the cluster."""
    url = f"https://{cluster.control_plane_endpoint}/readyz"
    command = f"curl -sS -m 5 --cacert {_PKI}/ca.crt --cert {_KUBELET} --key {_KUBELET} {url}"
    look = "the kube-apiserver's log, and what answers at control_plane_endpoint"
    return [Check(cluster.control_plane_endpoint, n.name, command, _ready, look) for n in cluster.nodes]


def etcd_checks(cluster: Cluster) -> list[Check]:
    """etcd on each control plane node: exactly its members, a leader, a quorum that answers, no alarm."""
    return [
        Check("members, leader, alarms", node.name, _etcd(node), partial(_members, cluster), "the log of etcd")
        for node in cluster.control_plane
    ]


def kube_proxy_checks(cluster: Cluster, network: Network) -> list[Check]:
    """kube-proxy on each node in the requested mode; absent where the network replaces it."""
    if network.replaces_kube_proxy:
        command = f"pgrep -x kube-proxy; curl -gsS -m 2 {mode_url(cluster)}; true"
        return [Check("absent", n.name, command, _absent, "the DaemonSet kube-proxy") for n in cluster.nodes]
    # A process that hangs does not answer.
    command = f"for of in '{mode_url(cluster)}' '{health_url(cluster)}'; do curl -gsSf -m 3 $of; echo; done"
    judge = partial(_proxies, cluster.kube_proxy_mode)
    look = "the log of kube-proxy on the node"
    return [Check(cluster.kube_proxy_mode, n.name, command, judge, look) for n in cluster.nodes]


def kube_proxy_ready(cluster: Cluster, *, seconds: int) -> str:
    """Shell that succeeds once kube-proxy on the node has written its rules, within so many seconds."""
    ask = f'curl -gsf -m 2 -o /dev/null "{health_url(cluster)}"'
    return f"timeout {seconds} sh -c 'until {ask}; do sleep 0.3; done'"


def _etcd(node: Node) -> str:
    keys = f"--cacert {_PKI}/etcd/ca.crt --cert {_PKI}/etcd/server.crt --key {_PKI}/etcd/server.key"
    requests = {"cluster/member/list": '{"linearizable":true}', "maintenance/status": "{}",
             "maintenance/alarm": '{"action":"GET"}'}  # fmt: skip
    calls = (
        f"curl -sSf -m 5 {keys} https://{bracketed(str(node.address))}:2379/v3/{path} -d '{body}'; echo"
        for path, body in requests.items()
    )
    return "; ".join(calls)


def _ready(output: str) -> str | None:
    return None if output.strip() == "ok" else f"/readyz: {output.strip()[:200] or 'no answer'}, expected ok"


def _absent(output: str) -> str | None:
    return f"kube-proxy runs ({' '.join(output.split())}), expected absent" if output.strip() else None


def _proxies(mode: str, output: str) -> str | None:
    running, _, health = output.partition("\n")
    if not running:
        return f"kube-proxy does not answer, expected mode {mode}"
    if running != mode:
        return f"kube-proxy runs in mode {running}, expected {mode}"
    return None if health.strip() else "kube-proxy does not report that it is healthy"


def _members(cluster: Cluster, output: str) -> str | None:
    documents = [_read(line) for line in output.splitlines()]
    if len(documents) != 3 or None in documents:
        return f"etcd does not answer: {' '.join(output.split())[:200] or 'no output'}"
    members, status, alarms = (d or {} for d in documents)
    found = {_host(m["peerURLs"][0]): m for m in members.get("members", ())}
    expected = {str(n.address) for n in cluster.control_plane}
    problems = [f"{address} is not a member" for address in sorted(expected - found.keys())]
    problems += [f"{address} is a member, but no control plane node" for address in sorted(found.keys() - expected)]
    problems += [f"{address} is still a learner" for address in sorted(found) if found[address].get("isLearner")]
    problems += [] if status.get("leader", "0") != "0" else ["there is no leader"]
    problems += [f"alarm {a.get('alarm', '?')}" for a in alarms.get("alarms", ())]
    return "; ".join(problems) or None


def _read(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _host(url: str) -> str:
    return url.partition("://")[2].rpartition(":")[0].strip("[]")
