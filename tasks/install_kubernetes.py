"""kubeadm, kubelet and kubectl, and the images that a node needs."""

from __future__ import annotations

from underlay.plan.host_plan import Phase
from underlay.run.converge import converge


def install_kubernetes() -> None:
    converge(name="Install Kubernetes", phase=Phase.KUBERNETES)
