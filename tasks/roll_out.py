"""Changes that restart something on nodes that serve already: canary, batches, control plane, each verified."""

from __future__ import annotations

from pyinfra.api import operation
from pyinfra.context import ctx_host, ctx_state

from underlay.run.command import Fail, Step, Steps
from underlay.run.rollout import roll_out
from underlay.run.run import current_run


@operation()
def change_nodes() -> Steps:
    """Have the nodes that wait for their turn changed, once for all; then stop the run if too many have failed."""
    run, state, host = current_run(), ctx_state.get(), ctx_host.get()
    if not state.is_executing:
        return
    roll_out(state, [h for h in state.inventory.get_active_hosts() if h.name in run.limit])
    rollout = run.rollout
    if reason := rollout.failed.get(host.name):
        yield Fail(f"rollout: {reason}")
    elif host.name in rollout.changed:
        yield Step("rollout", lambda _host, _arguments: None)
    if rollout.stopped and host.name not in rollout.failed:
        what = "was not changed" if host.name in rollout.left else "is as declared"
        yield Fail(f"it {what}; the rollout stopped at {', '.join(rollout.failed)}")


def roll_out_changes() -> None:
    change_nodes(name="Roll out")
