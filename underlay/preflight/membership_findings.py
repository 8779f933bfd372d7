"""Findings about hosts that are in a cluster already, and not as the inventory has it."""

from __future__ import annotations

from collections.abc import Mapping

from underlay.findings.finding import Problems
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.plan.host_questions import HostAnswers
from underlay.plan.membership import (
    Standing,
    is_unmanaged,
    kubelet_of,
    listed_nodes,
    marked,
    other_endpoint,
    standing,
    was_ours,
)
from underlay.resources.api_server import KUBECTL

_RESET = "`kubeadm reset -f` there, which deletes the cluster's data on this host, and run again"


def membership_problems(
    cluster: Cluster, node: Node, answers: HostAnswers, first: HostAnswers, *, everybody: Mapping[str, HostAnswers]
) -> Problems:
    """What keeps a host from being, or from becoming, the node that the inventory names.

    :param first: the answers of the first control-plane host.
    :param everybody: those of all hosts, by name.
    """
    listed = listed_nodes(first).get(node.name)
    match standing(cluster, node, answers, first):
        case Standing.FOREIGN if not is_unmanaged(cluster, node, answers, first):
            yield "other-cluster", _foreign(cluster, node, answers, first, everybody)
        case Standing.MEMBER | Standing.UNLISTED | Standing.UNKNOWN if node == cluster.first:
            if made_with := other_endpoint(cluster, answers):
                yield (
                    "record-differs",
                    f"control_plane_endpoint: the cluster was made with {made_with}, the inventory has "
                    f"{cluster.control_plane_endpoint} (it is in certificates and kubeconfigs); restore the old value, "
                    f"or make a new cluster: {_RESET}",
                )
        case Standing.ABSENT | Standing.STARTED if listed and str(node.address) not in listed.addresses:
            yield (
                "node-elsewhere",
                f"the cluster has a node {node.name} at {' '.join(listed.addresses) or 'no address'}, and this host is "
                f"{node.address}; give it another name in the inventory, or remove that node: `{KUBECTL} delete node "
                f"{node.name}` on {cluster.first.name}",
            )


def _foreign(
    cluster: Cluster, node: Node, answers: HostAnswers, first: HostAnswers, everybody: Mapping[str, HostAnswers]
) -> str:
    kubelet, of_first = kubelet_of(answers), kubelet_of(first)
    assert kubelet is not None
    mark = marked(answers)
    if of_first is not None and kubelet.authority == of_first.authority and node != cluster.first:
        if kubelet.name in listed_nodes(first):
            return (
                f"is in the cluster as node {kubelet.name}; name it so in the inventory, or have it join anew: "
                f"`{KUBECTL} drain {kubelet.name} --ignore-daemonsets` and `{KUBECTL} delete node {kubelet.name}` on "
                f"{cluster.first.name}, then {_RESET}"
            )
        return f"has joined the cluster as {kubelet.name}, which is none of its nodes; {_RESET}"
    if was_ours(cluster, answers) and node != cluster.first:
        here = f"is in a cluster that {cluster.first.name} is not in ({kubelet.server})"
        if heir := _heir(cluster, kubelet.authority, everybody):
            order = f"name {heir} first in control_plane, so that {cluster.first.name} joins that cluster"
            return f"{here}; {order}; or, where that cluster is to end, {_RESET}"
        return f"{here}; {_RESET}"
    return (
        f"is a member of another cluster ({' '.join(mark[1:])}); take the host out of the inventory, or, where that "
        f"cluster is to end, {_RESET}"
    )


def _heir(cluster: Cluster, authority: str, everybody: Mapping[str, HostAnswers]) -> str | None:
    """The first control-plane host that is in the cluster of a CA."""
    kubelets = ((n.name, kubelet_of(everybody[n.name])) for n in cluster.control_plane if n.name in everybody)
    return next((name for name, kubelet in kubelets if kubelet and kubelet.authority == authority), None)
