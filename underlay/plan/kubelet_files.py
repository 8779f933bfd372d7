"""The kubelet's configuration as the inventory has it, in files of its own, merged over the one that kubeadm writes.

What a restarting kubelet judges running pods by is a file apart: a node is drained before that one changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from underlay.model.cluster import Cluster
from underlay.model.difference import in_words
from underlay.resources.file import File

from .kubeadm import KUBELET_KIND
from .yaml_text import as_yaml

# The kubelet reads its *.conf over the configuration that kubeadm has written, and does not start without it.
DIRECTORY = "/etc/kubernetes/kubelet.conf.d"
NODE_FILE = f"{DIRECTORY}/10-underlay.conf"
PODS_FILE = f"{DIRECTORY}/20-underlay-pods.conf"

# A kubelet that starts admits the pods of its node again, and rejects what no longer fits.
OF_PODS = (
    "cpuManagerPolicyOptions",
    "enforceNodeAllocatable",
    "evictionHard",
    "evictionSoft",
    "evictionSoftGracePeriod",
    "featureGates",
    "kubeReserved",
    "maxPods",
    "memorySwap",
    "podPidsLimit",
    "podsPerCore",
    "qosReserved",
    "reservedMemory",
    "reservedSystemCPUs",
    "systemReserved",
    "topologyManagerPolicy",
    "topologyManagerPolicyOptions",
    "topologyManagerScope",
)
# A node keeps these for life: its pods' cgroups, its managers' checkpoints, and where kubeadm waits for a new kubelet.
# With their defaults: kubeadm's, or KubeletConfiguration's.
FIXED: Mapping[str, Any] = {
    "cgroupDriver": "systemd",
    "cgroupRoot": "",
    "cgroupsPerQOS": True,
    "cpuManagerPolicy": "none",
    "healthzBindAddress": "127.0.0.1",
    "healthzPort": 10248,
    "memoryManagerPolicy": "None",
    "staticPodPath": "/etc/kubernetes/manifests",
}


def kubelet_files(cluster: Cluster) -> tuple[File, File]:
    """Both files, in the order in which they are merged. They are there even where the inventory states nothing."""
    of_pods = {key: value for key, value in cluster.kubelet.items() if key in OF_PODS}
    of_node = {key: value for key, value in cluster.kubelet.items() if key not in OF_PODS}
    return File(NODE_FILE, _text(of_node)), File(PODS_FILE, _text(of_pods))


def kubelet_problems(was: Mapping[str, Any], declared: Mapping[str, Any]) -> Iterator[str]:
    """Why the kubelets of a running cluster cannot be given other settings, as lines.

    :param was: the `kubelet` that the cluster was last deployed with.
    """
    for name in sorted({*was, *declared}):
        before, now = (fields.get(name, FIXED.get(name)) for fields in (was, declared))
        if name in FIXED and before != now:
            yield (
                f"kubelet.{name}: the cluster was made with {in_words(before)}, the inventory has {in_words(now)} (a "
                "node keeps it for life); restore the old value, or make a new cluster"
            )
        elif name not in FIXED and name not in declared:
            yield (
                f"kubelet.{name}: the cluster has {in_words(before)}, the inventory nothing (nodes would keep the old "
                "value); state the value that it is to have"
            )


def _text(fields: Mapping[str, Any]) -> str:
    return "# Written by Underlay; changes are overwritten.\n" + as_yaml({**KUBELET_KIND, **fields})
