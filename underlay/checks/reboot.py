"""A reboot of the whole cluster: the order of its hosts, and what a node that is back, or restarted, still lacks."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from underlay.model.cluster import Cluster

# Their pods belong to a node; others may have moved by now.
_BOUND = ("DaemonSet", "Node")


def reboot_order(cluster: Cluster) -> tuple[str, ...]:
    """Names of hosts: workers, control plane nodes with the first one last, then the managed routers."""
    nodes = [n.name for n in (*cluster.workers, *reversed(cluster.control_plane))]
    routers = [r.name for r in cluster.bgp.routers if r.managed] if cluster.bgp else []
    return (*nodes, *routers)


def lacking(
    node: dict[str, Any],
    pods: dict[str, Any],
    *,
    boot: str = "",
    since: str = "",
    reported: str = "",
    connected: bool = True,
    but: Collection[str] = (),
) -> str:
    """Why a node is not in service, or not yet again; empty when it is.

    :param node: the Node object. :param pods: the list of the pods on it.
    :param connected: whether the cluster has a network for pods: a node is not Ready without.
    :param boot: the boot ID it has to report; any without. The API still has the old state of a node that is down.
    :param since: when the host went down, by its own clock (RFC 3339, UTC): its own pods have to be younger.
    :param reported: a time of the same kind since which its kubelet has to have reported; any without.
    :param but: pods, each with its namespace, that need not run.
    """
    status = node.get("status", {})
    if boot and status.get("nodeInfo", {}).get("bootID") != boot:
        return "its kubelet has not reported since the reboot"
    ready: dict[str, str] = next((c for c in status.get("conditions", ()) if c["type"] == "Ready"), {})
    status_now, expected = ready.get("status", "Unknown"), str(connected)
    if status_now != expected:
        return f"the node's Ready is {status_now}, expected {expected} ({ready.get('message', 'no reason given')})"
    if ready.get("lastHeartbeatTime", "") < reported:
        return "its kubelet has not reported since its restart"
    old = not_running(pods, since=since) - set(but)
    return f"not running: {', '.join(sorted(old))}" if old else ""


def not_running(pods: dict[str, Any], *, since: str = "") -> set[str]:
    """Pods bound to the node that do not run, or have run since before then; each with its namespace."""
    return {name for name, started in _bound(pods) if not started or started < since}


def _bound(pods: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The pods bound to the node, each with the time of its oldest container; none where one does not run."""
    for pod in pods.get("items", ()):
        about = pod["metadata"]
        if any(owner["kind"] in _BOUND for owner in about.get("ownerReferences", ())):
            containers = pod["status"].get("containerStatuses", ())
            started = [c.get("state", {}).get("running", {}).get("startedAt", "") for c in containers]
            yield f"{about['namespace']}/{about['name']}", min(started, default="")
