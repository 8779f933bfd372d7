"""Kernel modules, sysctls, swap, packages: hosts fit for Kubernetes and for the mode."""

from __future__ import annotations

from underlay.plan.host_plan import Phase
from underlay.run.converge import converge


def prepare_hosts() -> None:
    converge(name="Prepare hosts", phase=Phase.PREPARE)
