"""A pyinfra deploy: the things kept by our own fact and operation, those of `deploy.py`, as they are.

Only the plan is the bench's: preflight's questions and the cluster are left out, for the rivals have none.
"""

from __future__ import annotations

from typing import Any, cast

from pyinfra import state
from pyinfra.api import Host

from underlay.plan.host_plan import HostPlan, Phase
from underlay.run.converge import converge
from underlay.run.run import InventoryVariables, Run, begin

from .things import things

_nothing: Any = None


class Light(Run):
    """A run whose hosts all have the same plan: the things."""

    def plan(self, host: Host) -> HostPlan:
        return _plan


_plan = HostPlan(node=None, probes=(), phases={Phase.PREPARE: things()})
begin(cast(Any, state), Light(InventoryVariables("bench", {}, {}), spec=_nothing, artifacts=_nothing))
converge(name="Converge", phase=Phase.PREPARE)
