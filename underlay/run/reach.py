"""Whether anything runs as root on each host, before more is asked of it."""

from __future__ import annotations

import gevent
from pyinfra.api import Host, State
from pyinfra.context import ctx_host, ctx_state

from .access_error import AccessError
from .privilege import root_arguments, run_as_root
from .run import Run, current_run


def reach(state: State) -> dict[str, str]:
    """Hosts on which nothing runs as root, those without a connection among them, with the reasons."""
    with ctx_state.use(state):
        run = current_run()
        jobs = [gevent.spawn(_try, run, host) for host in state.inventory.get_active_hosts()]
        gevent.joinall(jobs, raise_error=True)
        return run.observed.silent


def _try(run: Run, host: Host) -> None:
    with ctx_host.use(host):
        try:
            run_as_root(host, "", root_arguments(host))
        except AccessError as error:
            run.observed.silent[host.name] = error.reason
