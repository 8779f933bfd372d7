"""The order of reboots, and what tells a node that is back from what is still known of the one that went."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.clusters import cluster, high_available, with_bgp
from underlay.checks.reboot import lacking, not_running, reboot_order
from underlay.inventory.spec import read_spec

SINCE = "2026-03-01T10:00:00Z"


def test_the_first_control_plane_node_is_rebooted_after_all_others() -> None:
    assert reboot_order(read_spec(*high_available()).cluster) == ("w-1", "cp-3", "cp-2", "cp-1")


def test_managed_routers_are_rebooted_after_the_nodes_and_others_never() -> None:
    assert [r.managed for r in with_bgp().routers] == [True, False]
    assert reboot_order(cluster(bgp=with_bgp())) == ("w-1", "w-2", "cp-1", "tor-1")


def _node(*, boot: str = "new", ready: str = "True") -> dict[str, Any]:
    condition = {"type": "Ready", "status": ready, "message": "kubelet is posting ready status"}
    return {"status": {"nodeInfo": {"bootID": boot}, "conditions": [{"type": "Other", "status": "False"}, condition]}}


def _pods(*, owner: str = "DaemonSet", state: dict[str, Any] | None = None) -> dict[str, Any]:
    state = {"running": {"startedAt": "2026-03-01T10:00:09Z"}} if state is None else state
    about = {"namespace": "kube-system", "name": "agent-x", "ownerReferences": [{"kind": owner}]}
    return {"items": [{"metadata": about, "status": {"containerStatuses": [{"state": state}]}}]}


EARLIER = {"running": {"startedAt": "2026-03-01T09:59:59Z"}}


def test_a_node_with_all_its_pods_lacks_nothing() -> None:
    assert lacking(_node(), _pods(), boot="new", since=SINCE) == ""


@pytest.mark.parametrize(
    ("node", "pods", "reason"),
    [
        (_node(boot="old"), _pods(), "its kubelet has not reported since the reboot"),
        (
            _node(ready="Unknown"),
            _pods(),
            "the node's Ready is Unknown, expected True (kubelet is posting ready status)",
        ),
        (
            {"status": {"nodeInfo": {"bootID": "new"}}},
            _pods(),
            "the node's Ready is Unknown, expected True (no reason given)",
        ),
        (_node(), _pods(state=EARLIER), "not running: kube-system/agent-x"),
        (_node(), _pods(owner="Node", state=EARLIER), "not running: kube-system/agent-x"),
        (_node(), _pods(state={"waiting": {}}), "not running: kube-system/agent-x"),
        # It may be on another node by now.
        (_node(), _pods(owner="ReplicaSet", state=EARLIER), ""),
    ],
)
def test_reports_what_a_node_lacks(node: dict[str, Any], pods: dict[str, Any], reason: str) -> None:
    assert lacking(node, pods, boot="new", since=SINCE) == reason


def test_a_node_that_was_not_rebooted_need_only_be_ready_and_have_its_pods() -> None:
    assert lacking(_node(), _pods(state=EARLIER)) == ""
    assert lacking(_node(), _pods(state={"waiting": {}})) == "not running: kube-system/agent-x"


def test_without_a_network_for_pods_a_node_is_not_ready_and_lacks_nothing() -> None:
    assert lacking(_node(ready="False"), _pods(), connected=False) == ""
    assert lacking(_node(ready="Unknown"), _pods(), connected=False).startswith(
        "the node's Ready is Unknown, expected False"
    )


def test_a_restarted_kubelet_has_to_report() -> None:
    node = _node()
    node["status"]["conditions"][1]["lastHeartbeatTime"] = "2026-03-01T09:59:59Z"
    assert lacking(node, _pods(), reported=SINCE) == "its kubelet has not reported since its restart"
    node["status"]["conditions"][1]["lastHeartbeatTime"] = SINCE
    assert lacking(node, _pods(), reported=SINCE) == ""


def test_a_pod_that_did_not_run_before_need_not_run_after() -> None:
    waiting = _pods(state={"waiting": {"reason": "CrashLoopBackOff"}})
    assert lacking(_node(), waiting) == "not running: kube-system/agent-x"
    assert not_running(waiting) == {"kube-system/agent-x"}
    assert lacking(_node(), waiting, but=not_running(waiting)) == ""
