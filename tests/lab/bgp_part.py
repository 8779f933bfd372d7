"""A pyinfra deploy: of the plan of each host what BGP is, on hosts without Kubernetes.

The hosts are asked and made so by the code of `deploy.py`; of the plan only what needs a cluster is left out.
"""

from __future__ import annotations

from typing import Any, cast

from pyinfra import state
from pyinfra.api import Host

from underlay.inventory.spec import read_spec
from underlay.plan.host_plan import HostPlan, Phase, router_plan
from underlay.routing.resources import of_node
from underlay.run.converge import converge
from underlay.run.read_inventory import hosts_and_groups
from underlay.run.run import InventoryVariables, Run, begin

_nothing: Any = None


class BgpPart(Run):
    """A run whose hosts have what their part in the routes takes."""

    def is_node(self, host: Host) -> bool:
        """None is: there is no cluster, and nothing waits for its turn in a rollout."""
        return False

    def plan(self, host: Host) -> HostPlan:
        if host.name not in self._plans:
            router = next((r for r in self.spec.routers if r.name == host.name), None)
            cluster = self.spec.cluster
            resources = (
                router_plan(self.spec, router).resources if router else of_node(cluster, cluster.node(host.name))
            )
            self._plans[host.name] = HostPlan(node=None, probes=(), phases={Phase.PREPARE: resources})
        return self._plans[host.name]


_state = cast(Any, state)
_hosts, _groups = hosts_and_groups(_state.inventory)
_inventory = InventoryVariables("light", _hosts, _groups)
begin(_state, BgpPart(_inventory, spec=read_spec(_hosts, _groups), artifacts=_nothing))
converge(name="Converge", phase=Phase.PREPARE)
