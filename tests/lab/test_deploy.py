"""The main job on a real cluster: deploy, deploy again, find drift, refuse another mode."""

from __future__ import annotations

import pytest

from tests.proof import saw
from underlay.verify.probe_objects import NAMESPACE

from .deployed import Deployed
from .mutations import STARTS
from .waiting import until

pytestmark = [pytest.mark.lab]
PODS = ("get", "pods", "-n", NAMESPACE, "-o", "name")


def test_deploys_and_verifies(racks: Deployed) -> None:
    run = racks.deploy()
    assert run.code == 0, run.end
    report = racks.report()
    assert report["verdict"] == "verified"
    assert {n["state"] for n in report["nodes"].values()} == {"Ready"}
    assert len(report["phases"]) > 5
    assert report["phases"][-1]["name"] == "Verify"
    crossing = [c["name"] for c in report["checks"] if c["area"].startswith("Pod to pod")]
    assert "w-1 to w-2" in crossing
    assert "w-2 to w-1" in crossing
    saw(report["network"]["mode"], 4, "a real cluster in the lab, across two racks; capture on the hosts")


def test_second_run_changes_nothing(racks: Deployed) -> None:
    run = racks.deploy("--data", "verify=false")
    assert run.code == 0, run.end
    assert run.changes == "none; at most 1 SSH executions on a host"


def test_plan_finds_drift_and_the_deploy_mends_it(racks: Deployed) -> None:
    assert racks.underlay("plan").code == 0
    racks.ssh("w-1", "sysctl -qw net.ipv4.ip_forward=0; chmod 600 /etc/containerd/config.toml")
    of_another = racks.underlay("plan", "--limit", "w-2")
    assert of_another.code == 0
    lines = ["underlay: limited to w-2: not planned on cp-1 and w-1", "w-2: no change"]
    assert sorted(of_another.text.splitlines()) == lines
    assert "limited to w-2: not deployed on cp-1 and w-1" in racks.deploy("--limit", "w-2").text
    assert racks.underlay("verify", "--limit", "w-1").code == 1
    verified = racks.underlay("verify", "--limit", "w-2")
    assert (verified.code, "limited to w-2: not verified on cp-1 and w-1" in verified.text) == (0, True), verified.text
    plan = racks.underlay("plan")
    assert plan.code == 2
    assert "sysctl net.ipv4.ip_forward: 0 -> 1" in plan.text
    assert "file /etc/containerd/config.toml: mode 600 -> 644" in plan.text
    assert racks.deploy("--data", "verify=false").code == 0
    assert racks.underlay("plan").code == 0


def test_an_unfinished_rollout_is_planned_and_waited_for(racks: Deployed) -> None:
    racks.ssh("w-2", "systemctl stop kubelet; (sleep 45; systemctl start kubelet) >/dev/null 2>&1 &")
    racks.kubectl(*["delete", "pod", "-n", "kube-flannel", "--force", "--field-selector", "spec.nodeName=w-2"])
    waiting = "objects flannel-vxlan: wait for DaemonSet kube-flannel-ds: 2 of 3 pods are ready"
    plan = until(lambda: (found := racks.underlay("plan")).code == 2 and found, within=60.0)
    assert [line for line in plan.text.splitlines() if line.startswith("  ")] == [f"  {waiting}"]
    run = racks.deploy("--data", "verify=false")
    assert run.code == 0, run.end
    assert waiting in run.text
    assert run.changes.startswith("cp-1 1;")
    assert racks.underlay("plan").code == 0


def test_another_setting_than_the_recorded_is_refused(racks: Deployed) -> None:
    run = racks.deploy(network={"mode": "flannel-vxlan", "vni": 7})
    assert run.code == 1
    assert "network.vni: the cluster was made with" in run.text
    assert racks.deploy(pod_subnet="10.245.0.0/16").code == 1


def test_a_mode_that_cannot_cross_racks_is_refused_before_contact(racks: Deployed) -> None:
    run = racks.deploy(network={"mode": "flannel-host-gw"})
    assert run.code == 1
    assert "flannel-host-gw does not cross racks" in run.text
    assert "Connecting" not in run.text


def test_is_verified_again_after_the_repairs(racks: Deployed) -> None:
    run = racks.underlay("verify", "--keep-pods")
    assert run.code == 0, run.end
    assert started(racks) == {"passed"}


def test_pods_that_were_kept_serve_the_next_verification(racks: Deployed) -> None:
    before = racks.kubectl(*PODS)
    run = racks.underlay("verify", "--keep-pods")
    assert run.code == 0, run.end
    assert racks.kubectl(*PODS) == before
    assert before.count("pod/probe-") == 3
    assert started(racks) == {"skipped"}


def started(racks: Deployed) -> set[str]:
    return {c["outcome"] for c in racks.report()["checks"] if c["area"] == STARTS}
