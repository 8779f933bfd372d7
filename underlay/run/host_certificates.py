"""Reads the certificates of all nodes, side by side."""

from __future__ import annotations

from pyinfra.api import Host, State
from pyinfra.context import ctx_host, ctx_state

from underlay.resources.validity import COMMAND, Validity, validities

from .access_error import AccessError
from .command import run_script
from .privilege import root_arguments
from .run import current_run


def certificates_of_nodes(state: State) -> tuple[dict[str, list[Validity]], list[str]]:
    """What each node has, by its name, and why others could not say."""

    def read(host: Host) -> list[Validity] | str:
        with ctx_state.use(state), ctx_host.use(host):
            try:
                ran = run_script(host, COMMAND, root_arguments(host))
            except AccessError as error:
                return error.reason
        return [*validities("\n".join(ran.out))] or "no certificate was found; deploy the cluster first"

    assert state.pool is not None
    run = current_run()
    jobs = [(h.name, state.pool.spawn(read, h)) for h in state.inventory.get_active_hosts() if run.is_node(h)]
    said = {name: job.get() for name, job in jobs if not run.limit or name in run.limit}
    problems = [f"{name}: {answer}" for name, answer in said.items() if isinstance(answer, str)]
    return {name: answer for name, answer in said.items() if not isinstance(answer, str)}, problems
