"""Which hosts wait for their turn in a rollout: nodes already, on which a deploy would restart something."""

from __future__ import annotations

from pyinfra.api import Host

from underlay.plan.membership import Standing, listed_nodes
from underlay.plan.rollout import PHASES, Batch, batches, restarts, upgrade_batches
from underlay.resources.answer import Unknown
from underlay.resources.script import sentence

from .claim import Purpose
from .observe import observed
from .run import Run, current_run
from .standings import standing_of


def is_held(host: Host) -> bool:
    """Whether nothing of the host's plan is changed before its turn; all nodes get another network at once."""
    run = current_run()
    return run.purpose is not Purpose.CHANGE and bool(restarted(host))


def restarted(host: Host) -> list[str]:
    """What a deploy would restart on a host that is a node already: units, and resources by their titles."""
    run = current_run()
    if not run.is_node(host) or standing_of(host.name) is not Standing.MEMBER:
        return []
    plan = run.plan(host)
    found = observed(host, [r for phase in PHASES for r in plan.of(phase)])
    if any(isinstance(answer, Unknown) for _, answer in found):
        return []
    pending = [r for r, answer in found if sentence(r, answer)]
    return restarts(pending, [r for r, _ in found]) + [r.title for r in pending if r.interrupts]


def planned_batches(run: Run, hosts: list[Host]) -> list[Batch]:
    """The steps in which these hosts would be changed; none where nothing on a node would be restarted."""
    if run.spec.cluster.first.name not in run.observed.answers:
        return []
    turns = {h.name for h in hosts if is_held(h) or is_left_cordoned(h.name)}
    if not turns:
        return []
    # A canary that an earlier run has changed is verified again before others follow it.
    members = {h.name for h in hosts if run.is_node(h) and standing_of(h.name) is Standing.MEMBER}
    steps = upgrade_batches if run.purpose is Purpose.UPGRADE else batches
    return steps(run.spec.cluster, run.spec.rollout, turns | (members & {*run.spec.rollout.canary}))


def is_left_cordoned(name: str) -> bool:
    """Whether a rollout that was interrupted has cordoned the node."""
    run = current_run()
    listed = listed_nodes(run.observed.answers[run.spec.cluster.first.name])
    return name in listed and listed[name].is_left_cordoned
