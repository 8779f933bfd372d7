"""A cluster of an older minor is upgraded: killed in the middle, finished by the same command, verified, and whole.

Opt-in, since the older bundle takes ten minutes of both cores: `underlay bundle --kubernetes v1.36.3`, once.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from underlay.artifacts.home import bundle_directory, home

from .deployed import ROOT, Deployed
from .flows import pods, workload

OLD, NEW = "v1.36.3", "v1.37.2"
BUNDLES = {OLD: bundle_directory(OLD.removeprefix("v")), NEW: bundle_directory()}
pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(
        not (BUNDLES[OLD] / "bundle.json").exists(), reason=f"no {BUNDLES[OLD]}; `underlay bundle --kubernetes {OLD}`"
    ),
]
# `kubeadm config images list --kubernetes-version v1.37.2`, but for pause, which no pod names.
IMAGES = {
    f"registry.k8s.io/kube-apiserver:{NEW}",
    f"registry.k8s.io/kube-controller-manager:{NEW}",
    f"registry.k8s.io/kube-scheduler:{NEW}",
    f"registry.k8s.io/kube-proxy:{NEW}",
    "registry.k8s.io/coredns/coredns:v1.14.6",
    "registry.k8s.io/etcd:3.7.0-0",
}


def version(of: str) -> dict[str, Any]:
    """The variables of an inventory for a version."""
    return {"kubernetes_version": of, "artifacts": {"source": "bundle", "path": str(BUNDLES[of])}}


def blobs_of_both() -> Path:
    """The content of both bundles in one folder: hosts have it, so that nothing is pushed."""
    both = home() / "both-blobs"
    both.mkdir(exist_ok=True)
    for bundle in BUNDLES.values():
        for blob in (bundle / "blobs").rglob("*"):
            target = both / blob.relative_to(bundle / "blobs")
            if blob.is_dir():
                target.mkdir(exist_ok=True)
            elif not target.exists():
                os.link(blob, target)
    return both


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """Three hosts with the older version, and servers on each."""
    mounts = {"/var/cache/underlay/blobs": str(blobs_of_both())}
    fields = {"name": "upgrade", "network": "10.150.0.0/16", "workers": 2, "racks": 1, "mounts": mounts}
    with Deployed(lab=fields, cluster=version(OLD), carried=False).booted() as deployed:
        run = deployed.deploy("--data", "verify=false")
        assert run.code == 0, run.end
        workload(deployed, tmp_path_factory.mktemp("servers"))
        yield deployed


def kubelets(lab: Deployed) -> list[str]:
    return lab.kubectl("get", "nodes", "-o", "jsonpath={.items[*].status.nodeInfo.kubeletVersion}").split()


def test_a_deploy_names_the_way_and_versions_that_do_not_follow_are_refused(lab: Deployed) -> None:
    deploy = lab.deploy("--data", "verify=false", **version(NEW))
    assert deploy.code == 1
    assert "upgrade the cluster: `underlay upgrade`" in deploy.text, deploy.text
    assert lab.underlay("upgrade").text.endswith(f"upgrade: has {OLD} already; underlay deploy changes the rest\n")
    plan = lab.underlay("upgrade", "--plan", **version(NEW))
    assert plan.code == 2, plan.text
    assert (
        f"Kubernetes: {OLD} -> {NEW}\nwith it: etcd 3.7.0-0, coredns v1.14.6\norder: cp-1; then w-1; then w-2\n"
        in plan.text
    )
    assert kubelets(lab) == [OLD] * 3


def test_one_that_is_killed_is_finished_by_the_same_command(lab: Deployed) -> None:
    lab.cluster |= version(NEW)
    killed = lab.killed("upgrade", "rollout, step 1 of 3: cp-1", "--yes", after=20)
    assert killed.code == -9, killed.text
    assert "upgrade: etcd's data is in backups/upgrade-" in killed.text, killed.text
    [kept] = (ROOT / "backups").glob("upgrade-*-etcd.db")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    kept.unlink()
    # The next run waits for what is left of this one, two minutes; on a busy machine kubeadm takes longer.
    lab.ssh("cp-1", "while pgrep -x kubeadm >/dev/null; do sleep 1; done")
    refused = lab.deploy("--data", "verify=false", **version(OLD))
    assert refused.code == 1
    assert "an upgrade has not ended; finish it: `underlay upgrade`" in refused.text, refused.text
    run = lab.underlay("upgrade", "--yes")
    assert run.code == 0, run.end
    assert f"upgrade: {NEW}, verified by " in run.text, run.end
    for left in (ROOT / "backups").glob("upgrade-*-etcd.db"):
        left.unlink()


def test_everything_has_the_new_version_and_the_second_run_changes_nothing(lab: Deployed) -> None:
    assert kubelets(lab) == [NEW] * 3
    images = lab.kubectl("get", "pods", "-n", "kube-system", "-o", "jsonpath={.items[*].spec.containers[*].image}")
    assert {image for image in images.split() if image.startswith("registry.k8s.io/")} == IMAGES
    assert {pod["node"] for pod in pods(lab).values()} == {"cp-1", "w-1", "w-2"}
    unschedulable = lab.kubectl("get", "nodes", "-o", "jsonpath={.items[*].spec.unschedulable}")
    assert unschedulable == ""
    assert lab.deploy("--data", "verify=false").changes.startswith("none; at most 1 SSH")
    assert lab.underlay("upgrade", "--yes").text.endswith(f"has {NEW} already; underlay deploy changes the rest\n")
