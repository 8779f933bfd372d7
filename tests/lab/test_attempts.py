"""What was on a host stays there, and whatever became of an attempt or a member, a plain deploy gets on from it."""

from __future__ import annotations

import re

import pytest

from .deployed import Deployed, Run

pytestmark = [pytest.mark.lab]

DATABASE = "default/member/snap/db"
# Real instances of clouds have such names (kubernetes#75380).
LONG = "kube-frodo-worker-01a346cae00e2fcda.inf.us-west-2.aws.example.org"
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
    killed = attempts.deploy_killed_once(
        "cp-1",
        "[ -e /var/lib/kubelet/config.yaml ]",
        "Initialise control plane",
        control_plane_endpoint="10.201.1.11:7443",
    )
    assert killed.code == -9, killed.text
    # kubeadm outlives the run that started it; here it comes to nothing.
    mark = attempts.ssh("cp-1", "pkill kubeadm; while pgrep kubeadm; do sleep 0.1; done; cat /var/lib/underlay/member")
    assert mark.endswith("started attempts 10.201.1.11:7443\n")
    run = attempts.deploy(*NOT_VERIFIED)
    assert run.code == 0, run.end
    assert attempts.ssh("cp-1", "cat /var/lib/kubelet/config.json") == "{}\n"
    assert attempts.deploy(*NOT_VERIFIED).changes == "none; at most 1 SSH executions on a host"


def test_a_worker_of_a_name_that_no_node_can_have_is_reset_as_told_and_joins_again(attempts: Deployed) -> None:
    # As kubeadm leaves a host of such a name: its kubelet runs, and the cluster has no node of it.
    flags = f"sed -i 's/ARGS=\"/&--hostname-override={LONG} /' /var/lib/kubelet/kubeadm-flags.env"
    attempts.ssh("w-1", f"{flags}; systemctl restart kubelet")
    attempts.kubectl("delete", "node", "w-1")
    refused = attempts.underlay("plan")
    assert refused.code == 1, refused.text
    said = rf"w-1: has joined the cluster as {LONG}, which is none of its nodes; `(kubeadm reset -f)` there, "
    remedy = re.search(said, refused.text)
    assert remedy, refused.text
    attempts.ssh("w-1", f"{remedy[1]} >/dev/null 2>&1")
    assert planned(attempts) == ["cp-1: no change", "w-1: 1 changes", "  cluster: join"]
    run = attempts.deploy(*NOT_VERIFIED)
    assert run.code == 0, run.end


def test_an_endpoint_that_is_in_certificates_is_restored_as_told(attempts: Deployed) -> None:
    # As after an init whose joins came to nothing: the cluster has no record.
    attempts.kubectl("delete", "configmap", "-n", "kube-system", "underlay")
    refused = attempts.underlay("plan", control_plane_endpoint="10.201.1.99:6443")
    assert refused.code == 1, refused.text
    remedy = re.search(
        r"cp-1: control_plane_endpoint: the cluster was made with (\S+), .*; restore the old", refused.text
    )
    assert remedy, refused.text
    restored = attempts.underlay("plan", control_plane_endpoint=remedy[1])
    assert restored.code == 2, restored.text
    assert "ConfigMap underlay" in restored.text


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
    assert run.code == 0, run.end
    assert attempts.report()["verdict"] == "verified"


def planned(deployed: Deployed) -> list[str]:
    """What a plan says, without the reasons."""
    return [line for line in deployed.underlay("plan").text.splitlines() if line.startswith(("cp-1", "w-1", "  "))]
