"""Takes a host's lock, for what does not begin with a query of its plan."""

from __future__ import annotations

from pyinfra.api import Host

from underlay.plan.run_lock import holder
from underlay.resources.answer import Unknown
from underlay.resources.script import observe_script, read_observations

from .command import run_script
from .privilege import root_arguments
from .run import current_run


def take_lock(host: Host) -> str | None:
    """Take the host's lock; whose it is, if another run's."""
    claim = current_run().claim
    assert claim is not None
    ran = run_script(host, observe_script((claim,)), root_arguments(host))
    answer = claim.read(read_observations((claim,), ran.out)[0])
    if isinstance(answer, Unknown):
        return f"its lock cannot be taken ({answer.reason})"
    other = holder(answer)
    return f"another run is at work on it ({other}); wait until that has ended" if other else None
