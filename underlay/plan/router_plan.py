"""What a router that is a host of ours has to be."""

from __future__ import annotations

from underlay.inventory.spec import Spec
from underlay.model.bgp import Router
from underlay.resources import sysctl
from underlay.resources.sysctl import Sysctl
from underlay.routing.resources import of_router

from .host_plan import HostPlan
from .host_questions import probes

# The questions of preflight that make sense of a host without Kubernetes.
_ASKED = ("user", "system", "kernel", "hostname", "machine-id", "clock", "addresses")


def router_plan(spec: Spec, router: Router) -> HostPlan:
    """The plan of one router: its speaker and what forwarding takes."""
    resources = of_router(spec.cluster, router)
    sysctls = [r for r in resources if isinstance(r, Sysctl)]
    first = spec.cluster.first
    return HostPlan(
        node=None,
        probes=tuple(p for p in probes(spec.cluster, spec.network, first) if p.name in _ASKED),
        prepare=(sysctl.persisted(sysctls), *resources),
        runtime=(),
        kubernetes=(),
        network=(),
    )
