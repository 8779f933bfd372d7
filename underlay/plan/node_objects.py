"""Shell that corrects the cluster's list of nodes, on the first control-plane host."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from ipaddress import ip_interface
from typing import Any

from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.resources.answer import Answer, Answered
from underlay.resources.api_server import KUBECTL

from .membership import listed_nodes

_ROLE = "node-role.kubernetes.io/control-plane"
# What a node has until its kubelet says so, at once: a kubelet that reads of none ends its static pods.
_ROOM = {"cpu": "8", "memory": "64Gi", "ephemeral-storage": "1Ti", "pods": "110"}
# Why a node is not Ready whose kubelet is gone; its own controller says so after 50 seconds.
_GONE = {
    "type": "Ready",
    "status": "Unknown",
    "reason": "NodeLeft",
    "message": "its kubelet is gone",
}


def register_script(cluster: Cluster, nodes: Collection[Node], answers: Mapping[str, Mapping[str, Answer]]) -> str:
    """Shell that creates nodes that were deleted while their kubelets run, with the pod subnets that their pods have.

    :param answers: host name -> name of the probe -> what the host said.
    """
    first = answers[cluster.first.name]
    taken = {subnet for listed in listed_nodes(first).values() for subnet in listed.pod_subnets}
    documents, lines = [], []
    room = json.dumps({"status": {"capacity": _ROOM, "allocatable": _ROOM}})
    for node in nodes:
        own = [s for s in _bridged(cluster, answers[node.name]) if s not in taken]
        document: dict[str, Any] = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": node.name}, "spec": {}}
        if own:
            document["spec"] = {"podCIDR": own[0], "podCIDRs": own}
        if node.is_control_plane:
            document["metadata"]["labels"] = {_ROLE: "", "node.kubernetes.io/exclude-from-external-load-balancers": ""}
            document["spec"]["taints"] = [{"key": _ROLE, "effect": "NoSchedule"}]
        documents.append(json.dumps(document))
        lines.append(f"{KUBECTL} patch node {node.name} --subresource=status -p '{room}' >/dev/null")
        # Agents of networks write about their node on it as they start: the label is a DaemonSet's.
        pods = f"--field-selector spec.nodeName={node.name} -l pod-template-generation"
        lines.append(f"{KUBECTL} delete pods -A {pods} --wait=false >/dev/null")
    text = "\n---\n".join(documents)
    return "\n".join(["set -eu", f"{KUBECTL} create -f - >/dev/null <<'END'\n{text}\nEND", *lines, ""])


def silence_script(names: Sequence[str]) -> str:
    """Shell that marks nodes as left: kubeadm joins no host whose name is that of a node that is Ready."""
    patch = json.dumps({"status": {"conditions": [_GONE]}})
    return "\n".join(f"{KUBECTL} patch node {name} --subresource=status -p '{patch}' >/dev/null" for name in names)


def _bridged(cluster: Cluster, answers: Mapping[str, Answer]) -> Iterator[str]:
    """The pod subnets of the bridge that a node's pods hang on, one for each IP version."""
    match answers["addresses"]:
        case Answered(line):
            entries = [e for link in json.loads(line) if link["ifname"] == "cni0" for e in link.get("addr_info", [])]
            for subnet in cluster.pod_subnets:
                for entry in entries:
                    found = ip_interface(f"{entry['local']}/{entry['prefixlen']}").network
                    if found.version == subnet.version and found.subnet_of(subnet):  # type: ignore[arg-type]
                        yield str(found)
                        break
