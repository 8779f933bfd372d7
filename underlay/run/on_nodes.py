"""What a command does on a cluster's nodes, side by side or on the first alone, and why it cannot go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pyinfra.api import Host, State
from pyinfra.context import ctx_host, ctx_state

from underlay.resources.answer import UnansweredError

from .access_error import AccessError
from .command import reason_of_script
from .privilege import root_arguments
from .run import current_run

Act = Callable[[Host], str | None]
"""Something done on a host; why it failed, or None."""


class Stopped(Exception):
    """A command that cannot go on; `problems` is a line for each reason."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = list(problems)


def nodes_of(state: State) -> list[Host]:
    """The hosts of the run that are nodes by the inventory, by name."""
    run = current_run()
    return sorted((h for h in state.inventory.get_active_hosts() if run.is_node(h)), key=lambda h: h.name)


def first_of(state: State) -> Host:
    """The first control-plane host."""
    return next(h for h in nodes_of(state) if current_run().is_first(h))


def planes_of(state: State) -> list[Host]:
    """The control-plane hosts of the run, by name."""
    cluster = current_run().spec.cluster
    return [h for h in nodes_of(state) if cluster.node(h.name).is_control_plane]


def on_each(state: State, act: Act, hosts: Sequence[Host] | None = None) -> None:
    """Act on these hosts side by side; on all nodes without any.

    :raises Stopped: when it fails on one of them.
    """
    assert state.pool is not None
    chosen = nodes_of(state) if hosts is None else hosts
    jobs = [(host, state.pool.spawn(_acting, state, host, act)) for host in chosen]
    if problems := [f"{host.name}: {reason}" for host, job in jobs if (reason := job.get())]:
        raise Stopped(problems)


def on_first(state: State, act: Act) -> None:
    """Act on the first control-plane host.

    :raises Stopped: when it fails.
    """
    on_each(state, act, [first_of(state)])


def shell(host: Host, script: str) -> str | None:
    """Run a script as root; why it failed, or None."""
    return reason_of_script(host, script, root_arguments(host))


def _acting(state: State, host: Host, act: Act) -> str | None:
    with ctx_state.use(state), ctx_host.use(host):
        try:
            return act(host)
        except (AccessError, UnansweredError) as error:
            return getattr(error, "reason", "") or str(error)
