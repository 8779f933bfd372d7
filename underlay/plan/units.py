"""The systemd units and the runtime's configuration that every node has."""

from __future__ import annotations

from typing import Any

import tomli_w

from underlay.model.cluster import Cluster
from underlay.model.values import merged

CONTAINERD_CONFIG = "/etc/containerd/config.toml"
CONTAINERD_UNIT = "/etc/systemd/system/containerd.service"
KUBELET_UNIT = "/etc/systemd/system/kubelet.service"
KUBELET_DROP_IN = "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf"

# After containerd's own unit (containerd.service in its repository).
CONTAINERD = """\
[Unit]
Description=containerd container runtime
Documentation=https://containerd.io
After=network.target

[Service]
ExecStartPre=-/sbin/modprobe overlay
ExecStart=/usr/local/bin/containerd
Type=notify
Delegate=yes
KillMode=process
Restart=always
RestartSec=2
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
OOMScoreAdjust=-999

[Install]
WantedBy=multi-user.target
"""

# After kubernetes/release cmd/krel/templates/latest/{kubelet,kubeadm}.
KUBELET = """\
[Unit]
Description=kubelet: the Kubernetes node agent
Documentation=https://kubernetes.io/docs/
Wants=network-online.target
After=network-online.target containerd.service

[Service]
ExecStart=/usr/local/bin/kubelet
Restart=always
StartLimitInterval=0
RestartSec=2

[Install]
WantedBy=multi-user.target
"""

KUBEADM_DROP_IN = """\
[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf \\
--kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
ExecStart=
ExecStart=/usr/local/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS
"""


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
    return "# Written by Underlay; changes are overwritten.\n" + tomli_w.dumps(merged(config, cluster.containerd))
