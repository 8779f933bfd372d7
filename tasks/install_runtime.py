"""containerd, runc and the base CNI plugins."""

from __future__ import annotations

from underlay.plan.host_plan import Phase
from underlay.run.converge import converge


def install_runtime() -> None:
    converge(name="Install container runtime", phase=Phase.RUNTIME)
