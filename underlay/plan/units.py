"""Where every node's systemd units are, and the runtime's configuration."""

from __future__ import annotations

from typing import Any

import tomli_w

from underlay.model.cluster import Cluster
from underlay.model.values import merged

from . import registries

CONTAINERD_CONFIG = "/etc/containerd/config.toml"
CONTAINERD_UNIT = "/etc/systemd/system/containerd.service"
# What a unit shows of its environment, everybody sees; of a file, root alone.
CONTAINERD_ENVIRONMENT = "/etc/containerd/proxy.env"
KUBELET_UNIT = "/etc/systemd/system/kubelet.service"
KUBELET_DROP_IN = "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf"


def containerd_config(cluster: Cluster, *, sandbox_image: str) -> str:
    """containerd's config.toml (version 3, since containerd 2.0)."""
    runc = {
        "runtime_type": "io.containerd.runc.v2",
        "options": {"SystemdCgroup": cluster.cgroup_driver == "systemd"},
    }
    config: dict[str, Any] = {
        "version": 3,
        "plugins": {
            "io.containerd.cri.v1.runtime": {"containerd": {"runtimes": {"runc": runc}}},
            "io.containerd.cri.v1.images": {"pinned_images": {"sandbox": sandbox_image}},
        },
    }
    if cluster.registries:
        config["plugins"]["io.containerd.cri.v1.images"]["registry"] = {"config_path": registries.DIRECTORY}
    return "# Written by Underlay; changes are overwritten.\n" + tomli_w.dumps(merged(config, cluster.containerd))
