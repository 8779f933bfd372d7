"""Kernel modules, sysctls, swap and packages that Kubernetes and the network need on a host."""

from __future__ import annotations

from underlay.plan.host_plan import Phase
from underlay.run.converge import converge


def prepare_hosts() -> None:
    converge(name="Prepare hosts", phase=Phase.PREPARE)
