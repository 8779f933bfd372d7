"""Runs the checks, writes the report, and decides the deploy's exit status."""

from __future__ import annotations

from pyinfra.api import operation
from pyinfra.context import ctx_host, ctx_state

from underlay.run.command import Fail, Steps
from underlay.run.live_tests import run_checks
from underlay.run.run import current_run


@operation()
def verify() -> Steps:
    """Run every check; a failed one fails the deploy. What it creates in the cluster is removed again."""
    run, state = current_run(), ctx_state.get()
    if not (state.is_executing and run.spec.verify and run.is_first(ctx_host.get())):
        return
    failed = run_checks(run, state)
    if failed:
        yield Fail("\n".join(failed))


def verify_cluster() -> None:
    verify(name="Verify")
