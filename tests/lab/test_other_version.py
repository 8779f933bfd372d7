"""A cluster of an older minor, from the bundle for it: its own Kubernetes, etcd and CoreDNS.

Opt-in, since that bundle takes ten minutes of both cores: `underlay bundle --kubernetes v1.36.3`, once.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from underlay.artifacts.home import bundle_directory

from .deployed import Deployed

VERSION = "1.36.3"
BUNDLE = bundle_directory(VERSION)
pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(
        not (BUNDLE / "bundle.json").exists(), reason=f"no {BUNDLE}; `underlay bundle --kubernetes v{VERSION}`"
    ),
]
# `kubeadm config images list --kubernetes-version v1.36.3`, but for pause, which no pod names.
IMAGES = {
    f"registry.k8s.io/kube-apiserver:v{VERSION}",
    f"registry.k8s.io/kube-controller-manager:v{VERSION}",
    f"registry.k8s.io/kube-scheduler:v{VERSION}",
    f"registry.k8s.io/kube-proxy:v{VERSION}",
    "registry.k8s.io/coredns/coredns:v1.14.2",
    "registry.k8s.io/etcd:3.6.8-0",
}


@pytest.fixture(scope="module")
def older() -> Iterator[Deployed]:
    # Its images are imported: only those of the pinned version are unpacked for labs.
    mounts = {"/var/cache/underlay/blobs": str(BUNDLE / "blobs")}
    lab = {"name": "older", "network": "10.136.0.0/16", "workers": 1, "racks": 1, "mounts": mounts}
    cluster = {"kubernetes_version": f"v{VERSION}", "artifacts": {"source": "bundle", "path": str(BUNDLE)}}
    deployed = Deployed(lab=lab, cluster=cluster, carried=False)
    deployed.down()
    try:
        yield deployed
    finally:
        deployed.down()


def test_is_deployed_and_verified_in_its_own_versions(older: Deployed) -> None:
    run = older.deploy()
    assert run.code == 0, run.text
    assert older.report()["verdict"] == "verified"
    nodes = older.kubectl("get", "nodes", "-o", "jsonpath={.items[*].status.nodeInfo.kubeletVersion}")
    assert nodes.split() == [f"v{VERSION}"] * 2
    images = older.kubectl("get", "pods", "-n", "kube-system", "-o", "jsonpath={.items[*].spec.containers[*].image}")
    assert {image for image in images.split() if image.startswith("registry.k8s.io/")} == IMAGES
    assert older.ssh("cp-1", "/usr/local/bin/kubeadm version -o short").strip() == f"v{VERSION}"


def test_the_second_run_changes_nothing(older: Deployed) -> None:
    assert older.deploy("--data", "verify=false").changes == "none; at most 1 SSH executions on a host"
