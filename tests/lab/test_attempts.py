"""What was on a host stays there, and whatever became of an attempt or a member, a plain deploy gets on from it."""

from __future__ import annotations

import re

import pytest

from .deployed import Deployed, Run

pytestmark = [pytest.mark.lab]

DATABASE = "default/member/snap/db"
NOT_VERIFIED = ("--data", "verify=false")


def test_data_of_an_etcd_is_refused_kept_and_moved_away_as_told(attempts: Deployed) -> None:
    assert attempts.underlay("plan").code == 2
    attempts.ssh("cp-1", f"mkdir -p /var/lib/etcd/default/member/snap; echo old >/var/lib/etcd/{DATABASE}")
    for _ in range(2):
        run = attempts.deploy(*NOT_VERIFIED)
        assert run.code == 1, run.text
        assert "cp-1: /var/lib/etcd has data of an etcd (1 MB, last written 20" in run.text
        assert "Starting operation: Prepare hosts" not in run.text
        assert attempts.ssh("cp-1", f"cat /var/lib/etcd/{DATABASE}") == "old\n"
    remedy = re.search(r"move it away: (mkdir .*? \+)", run.text)
    assert remedy, run.text
    attempts.ssh("cp-1", remedy[1])
    assert attempts.ssh("cp-1", f"cat /var/lib/etcd.old/{DATABASE}") == "old\n"


def test_an_endpoint_is_corrected_after_an_init_that_came_to_nothing(attempts: Deployed) -> None:
    attempts.ssh("cp-1", "mkdir -p /var/lib/kubelet; echo {} >/var/lib/kubelet/config.json")
    killed = attempts.deploy_killed("Initialise control plane", after=2.0, control_plane_endpoint="10.201.1.11:7443")
    assert killed.code == -9, killed.text
    # kubeadm outlives the run that started it; here it comes to nothing.
    mark = attempts.ssh("cp-1", "pkill kubeadm; while pgrep kubeadm; do sleep 0.1; done; cat /var/lib/underlay/member")
    assert mark.endswith("started attempts 10.201.1.11:7443\n")
    assert attempts.ssh("cp-1", "ls /var/lib/kubelet/config.yaml") != ""
    run = attempts.deploy(*NOT_VERIFIED)
    assert run.code == 0, run.text
    assert attempts.ssh("cp-1", "cat /var/lib/kubelet/config.json") == "{}\n"
    assert attempts.deploy(*NOT_VERIFIED).changes == "none; at most 1 SSH executions on a host"


def test_a_worker_that_was_reset_by_hand_joins_again(attempts: Deployed) -> None:
    attempts.ssh("w-1", "kubeadm reset -f >/dev/null 2>&1")
    assert planned(attempts) == ["cp-1: no change", "w-1: 1 changes", "  cluster: join"]
    run = attempts.deploy(*NOT_VERIFIED)
    assert run.code == 0, run.text


def test_nodes_that_were_deleted_come_back_and_nobody_else_deploys_meanwhile(attempts: Deployed) -> None:
    attempts.kubectl("delete", "node", "cp-1", "w-1")
    assert [line for line in planned(attempts) if "register" in line] == [
        f"  cluster: register node {name} again, which the cluster does not list" for name in ("cp-1", "w-1")
    ]
    seconds: list[Run] = []
    run = attempts.held(
        "deploy",
        "Starting operation: Prepare joins",
        lambda: seconds.append(attempts.underlay("deploy", *NOT_VERIFIED)),
    )
    [second] = seconds
    assert second.code == 1, second.text
    assert "cp-1 and w-1: another deploy is at work (deploy of tests/lab/inventories/small.py, by " in second.text
    assert "Starting operation: Prepare hosts" not in second.text
    assert run.code == 0, run.text
    assert attempts.report()["verdict"] == "verified"


def planned(deployed: Deployed) -> list[str]:
    """What a plan says, without the reasons."""
    return [line for line in deployed.underlay("plan").text.splitlines() if line.startswith(("cp-1", "w-1", "  "))]
