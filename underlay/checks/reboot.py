"""What a reboot of the whole cluster is: the order of its hosts, and what one that is back still lacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from underlay.model.cluster import Cluster

# Of these every node has its own; other pods may be elsewhere by now.
_BOUND = ("DaemonSet", "Node")


def reboot_order(cluster: Cluster) -> tuple[str, ...]:
    """Names of hosts: workers, control planes with the first one last, then the routers of ours."""
    nodes = [n.name for n in (*cluster.workers, *reversed(cluster.control_plane))]
    routers = [r.name for r in cluster.bgp.routers if r.managed] if cluster.bgp else []
    return (*nodes, *routers)


def lacking(
    node: dict[str, Any], pods: dict[str, Any], *, boot: str = "", since: str = "", connected: bool = True
) -> str:
    """Why a node does not do its work, or not again; empty when it does.

    :param node: the Node object. :param pods: the list of the pods on it.
    :param connected: whether the cluster has a network for pods: a node is not Ready without.
    :param boot: the boot ID it has to report; any without. What is known of a node that is away is old.
    :param since: when the host went down, by its own clock (RFC 3339, UTC): what is bound to it has to be younger.
    """
    status = node.get("status", {})
    if boot and status.get("nodeInfo", {}).get("bootID") != boot:
        return "its kubelet has not reported since"
    ready: dict[str, str] = next((c for c in status.get("conditions", ()) if c["type"] == "Ready"), {})
    seen, wanted = ready.get("status", "Unknown"), str(connected)
    if seen != wanted:
        return f"the node's Ready is {seen}, not {wanted} ({ready.get('message', 'it does not say why')})"
    old = [name for name, started in _bound(pods) if not started or started < since]
    return f"not running again: {', '.join(sorted(old))}" if old else ""


def _bound(pods: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The pods bound to the node, each with the time of its oldest container; none where one does not run."""
    for pod in pods.get("items", ()):
        about = pod["metadata"]
        if any(owner["kind"] in _BOUND for owner in about.get("ownerReferences", ())):
            containers = pod["status"].get("containerStatuses", ())
            started = [c.get("state", {}).get("running", {}).get("startedAt", "") for c in containers]
            yield f"{about['namespace']}/{about['name']}", min(started, default="")
