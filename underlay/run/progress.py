"""Progress lines and phase times while pyinfra runs, and the summary at its end."""

from __future__ import annotations

import atexit
import time
from typing import Any

from pyinfra import logger
from pyinfra.api import Host, State
from pyinfra.api.state import BaseStateCallback

from underlay.findings.host_sets import by_reason
from underlay.progress import QUIET_S

from .connections import reason_of
from .run import Run, current_run
from .summary import show_summary


def watch(state: State, *, summary: bool) -> None:
    """Time the phases of the run, and print the summary of a deploy however it ends."""
    state.add_callback_handler(PhaseTimes())
    run = current_run()
    if summary:
        atexit.register(show_summary, run, state)
    # Runs before the summary.
    atexit.register(say_unreached, run)


def say_unreached(run: Run) -> None:
    """Say once which hosts could not be reached: a line for each reason, however many hosts there are."""
    lines, run.log.unreached = by_reason(run.log.unreached), {}
    for line in lines:
        logger.error(f"    {line}")


class PhaseTimes(BaseStateCallback):
    """Wall time of each operation."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def host_connect_error(self, state: State, host: Host, error: Any) -> None:  # type: ignore[override]
        run = current_run()
        reason = reason_of(host, error)
        run.observed.silent[host.name] = run.log.failures[host.name] = run.log.unreached[host.name] = reason

    def operation_start(self, state: State, op_hash: str) -> None:  # type: ignore[override]
        say_unreached(current_run())
        if not current_run().log.phases:
            current_run().log.phases.append(("Connect", time.monotonic() - current_run().log.began))
        self._began = time.monotonic()

    def operation_end(self, state: State, op_hash: str) -> None:  # type: ignore[override]
        spent = time.monotonic() - self._began
        name = next(iter(state.get_op_meta(op_hash).names))
        current_run().log.phases.append((name, spent))
        if spent > QUIET_S:
            logger.info(f"    {name}: {spent:.1f} s")
