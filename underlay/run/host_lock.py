"""Takes a host's lock, for what does not begin with a query of its plan."""

from __future__ import annotations

from pyinfra.api import Host

from underlay.plan.run_lock import holder
from underlay.resources.answer import Unknown

from .ask import ask
from .run import current_run


def take_lock(host: Host) -> str | None:
    """Take the host's lock; whose it is, if another run's."""
    claim = current_run().claim
    assert claim is not None
    answer = ask(host, claim)
    if isinstance(answer, Unknown):
        return f"its lock cannot be taken ({answer.reason})"
    other = holder(answer)
    return f"another run is at work on it ({other}); wait until that has ended" if other else None
