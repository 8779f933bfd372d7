"""pyinfra's state for commands that are not pyinfra's own: every host connected, or the reason why not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from pyinfra.api import Config, Host, Inventory, State
from pyinfra.api.connect import disconnect_all
from pyinfra.context import ctx_config, ctx_inventory, ctx_state

from .access_error import AccessError
from .connections import connect, watch_connections


@contextmanager
def session(
    inventory: Inventory,
    chosen: Sequence[Host],
    *,
    before: Callable[[State], None] = lambda _: None,
    on_silent: Callable[[State, list[AccessError]], None],
) -> Iterator[State]:
    """A state with the chosen hosts connected.

    :param before: called before any host is contacted.
    :param on_silent: called with the errors of hosts that cannot be reached; the others are active.
    """
    state, config = State(check_for_changes=False), Config()
    ctx_state.set(state)
    ctx_config.set(config)
    ctx_inventory.set(inventory)
    state.init(inventory, config, initial_limit=list(chosen))
    watch_connections(state)
    before(state)
    assert state.pool is not None
    jobs = [state.pool.spawn(_connected, state, host) for host in chosen]
    silent = [error for job in jobs if (error := job.get())]
    if silent:
        on_silent(state, silent)
    try:
        yield state
    finally:
        disconnect_all(state)


def _connected(state: State, host: Host) -> AccessError | None:
    """Why the host is not active; None where it is."""
    try:
        connect(host)
    except AccessError as error:
        return error
    state.activate_host(host)
    return None
