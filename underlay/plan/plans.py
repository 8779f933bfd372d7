"""The plan of any host of the inventory, whatever its part."""

from __future__ import annotations

from underlay.inventory.spec import Spec

from .host_plan import Artifacts, HostPlan, host_plan
from .router_plan import router_plan


def plan_of(spec: Spec, host: str, artifacts: Artifacts) -> HostPlan:
    """A node's plan, or a router's."""
    router = next((r for r in spec.routers if r.name == host), None)
    return router_plan(spec, router) if router else host_plan(spec, spec.cluster.node(host), artifacts)


def plans(spec: Spec, artifacts: Artifacts) -> dict[str, HostPlan]:
    """Every host's plan by its name, nodes first."""
    names = (*(n.name for n in spec.cluster.nodes), *(r.name for r in spec.routers))
    return {name: plan_of(spec, name, artifacts) for name in names}
