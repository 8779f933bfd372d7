"""The kubelet's configuration over kubeadm's: which file a field is in, and what a running cluster keeps."""

from __future__ import annotations

import pytest
import yaml

from tests.unit.clusters import cluster
from underlay.inventory.component_fields import _keys
from underlay.plan.kubelet_files import FIXED, OF_PODS, kubelet_files, kubelet_problems

KIND = {"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration"}


def test_what_pods_are_admitted_by_is_a_file_of_its_own() -> None:
    node, pods = kubelet_files(cluster(kubelet={"maxPods": 50, "maxOpenFiles": 5000, "cgroupDriver": "cgroupfs"}))
    # The kubelet reads files that end in .conf, and merges them in the order of their names.
    assert (node.path, pods.path) == (
        "/etc/kubernetes/kubelet.conf.d/10-underlay.conf",
        "/etc/kubernetes/kubelet.conf.d/20-underlay-pods.conf",
    )
    assert yaml.safe_load(node.content or "") == {**KIND, "maxOpenFiles": 5000, "cgroupDriver": "cgroupfs"}
    assert yaml.safe_load(pods.content or "") == {**KIND, "maxPods": 50}


def test_both_files_are_there_without_settings() -> None:
    assert [yaml.safe_load(file.content or "") for file in kubelet_files(cluster())] == [KIND, KIND]


@pytest.mark.parametrize("name", [*OF_PODS, *FIXED])
def test_a_field_with_a_meaning_is_one_of_the_kubelets(name: str) -> None:
    assert name in _keys("kubelet-1.37.2.tsv").paths


@pytest.mark.parametrize(
    ("was", "declared", "lines"),
    [
        ({}, {"maxPods": 50}, []),
        ({"maxPods": 50}, {"maxPods": 60}, []),
        ({}, {"cgroupDriver": "systemd"}, []),
        ({"cgroupDriver": "systemd"}, {}, []),
        (
            {"maxPods": 50},
            {},
            [
                "kubelet.maxPods: the cluster has 50, the inventory nothing (nodes would keep the old value); state the "
                "value that it is to have"
            ],
        ),
        (
            {},
            {"cgroupDriver": "cgroupfs"},
            [
                "kubelet.cgroupDriver: the cluster was made with systemd, the inventory has cgroupfs (a node keeps it "
                "for life); restore the old value, or make a new cluster"
            ],
        ),
        (
            {"cpuManagerPolicy": "none"},
            {"cpuManagerPolicy": "static"},
            [
                "kubelet.cpuManagerPolicy: the cluster was made with none, the inventory has static (a node keeps it for "
                "life); restore the old value, or make a new cluster"
            ],
        ),
    ],
)
def test_a_running_cluster_gets_other_settings_but_for_a_few(
    was: dict[str, object], declared: dict[str, object], lines: list[str]
) -> None:
    assert list(kubelet_problems(was, declared)) == lines
