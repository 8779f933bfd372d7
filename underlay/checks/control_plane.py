"""What the members of a cluster are asked, and what they have to answer: API, etcd, kube-proxy."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.networks.network import Network

_PKI = "/etc/kubernetes/pki"
_KUBELET = "/var/lib/kubelet/pki/kubelet-client-current.pem"
_MODE = "http://127.0.0.1:10249/proxyMode"
_HEALTH = "http://127.0.0.1:10256/healthz"

# Ends well once kube-proxy on this node has written its rules, within so many seconds.
KUBE_PROXY_SERVES = f"timeout {{seconds}} sh -c 'until curl -sf -m 2 -o /dev/null {_HEALTH}; do sleep 0.3; done'"


def api_checks(cluster: Cluster) -> list[Check]:
    """The API answers every node by the name people and kubelets use, with a certificate of the cluster's."""
    url = f"https://{cluster.control_plane_endpoint}/readyz"
    command = f"curl -sS -m 5 --cacert {_PKI}/ca.crt --cert {_KUBELET} --key {_KUBELET} {url}"
    look = "the kube-apiserver's log, and what answers at control_plane_endpoint"
    return [Check(cluster.control_plane_endpoint, n.name, command, _ready, look) for n in cluster.nodes]


def etcd_checks(cluster: Cluster) -> list[Check]:
    """etcd on each control plane: exactly its members, one leader, a quorum that answers, no alarm."""
    return [
        Check("members, leader, alarms", node.name, _etcd(node), partial(_members, cluster), "the log of etcd")
        for node in cluster.control_plane
    ]


def kube_proxy_checks(cluster: Cluster, network: Network) -> list[Check]:
    """kube-proxy on each node in the mode asked for; absent where the network serves Services."""
    if network.replaces_kube_proxy:
        command = f"pgrep -x kube-proxy; curl -sS -m 2 {_MODE}; true"
        return [Check("absent", n.name, command, _absent, "the DaemonSet kube-proxy") for n in cluster.nodes]
    # Answers of a process that hangs are those that do not come.
    command = f"for of in {_MODE} {_HEALTH}; do curl -sSf -m 3 $of; echo; done"
    judge = partial(_proxies, cluster.kube_proxy_mode)
    look = "the log of kube-proxy on the node"
    return [Check(cluster.kube_proxy_mode, n.name, command, judge, look) for n in cluster.nodes]


def _etcd(node: Node) -> str:
    address = f"[{node.address}]" if node.address.version == 6 else node.address
    keys = f"--cacert {_PKI}/etcd/ca.crt --cert {_PKI}/etcd/server.crt --key {_PKI}/etcd/server.key"
    asked = {"cluster/member/list": '{"linearizable":true}', "maintenance/status": "{}",
             "maintenance/alarm": '{"action":"GET"}'}  # fmt: skip
    calls = (
        f"curl -sSf -m 5 {keys} https://{address}:2379/v3/{path} -d '{body}'; echo" for path, body in asked.items()
    )
    return "; ".join(calls)


def _ready(output: str) -> str | None:
    return None if output.strip() == "ok" else f"it says {output.strip()[:200] or 'nothing'}, not ok"


def _absent(output: str) -> str | None:
    return f"it runs: {' '.join(output.split())}" if output.strip() else None


def _proxies(mode: str, output: str) -> str | None:
    seen, _, health = output.partition("\n")
    if seen != mode:
        return f"it runs in mode {seen or 'none, it does not answer'}, not {mode}"
    return None if health.strip() else "it does not say that it is healthy"


def _members(cluster: Cluster, output: str) -> str | None:
    documents = [_read(line) for line in output.splitlines()]
    if len(documents) != 3 or None in documents:
        return f"etcd does not answer: {' '.join(output.split())[:200] or 'nothing'}"
    members, status, alarms = (d or {} for d in documents)
    found = {_host(m["peerURLs"][0]): m for m in members.get("members", ())}
    wanted = {str(n.address) for n in cluster.control_plane}
    told = [f"{address} is no member" for address in sorted(wanted - found.keys())]
    told += [f"{address} is a member, and no control plane" for address in sorted(found.keys() - wanted)]
    told += [f"{address} is a learner still" for address in sorted(found) if found[address].get("isLearner")]
    told += [] if status.get("leader", "0") != "0" else ["there is no leader"]
    told += [f"alarm {a.get('alarm', '?')}" for a in alarms.get("alarms", ())]
    return "; ".join(told) or None


def _read(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _host(url: str) -> str:
    return url.partition("://")[2].rpartition(":")[0].strip("[]")
