"""Connections to an inventory's hosts, for the commands that query them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import click


def inventory_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.argument("inventory", type=click.Path())(function)


@contextmanager
def connected(path: str, *, limit: tuple[str, ...] = (), tolerant: bool = False) -> Iterator[Any]:
    """A pyinfra state with every host of the inventory connected, and its run begun.

    :param tolerant: continue without hosts that do not answer.
    :param limit: names of hosts; connect only to these.
    :raises InvalidInventory: for a bad inventory, and when a host does not answer.
    """
    from underlay.inventory.errors import InvalidInventory  # noqa: PLC0415
    from underlay.run.read_inventory import load, read_run  # noqa: PLC0415
    from underlay.run.run import begin  # noqa: PLC0415

    _on_gevent()
    inventory = load(path)
    run = read_run(inventory, name=path)
    if unknown := sorted(set(limit) - {h.name for h in inventory}):
        raise InvalidInventory(
            [f"--limit: unknown host {', '.join(unknown)}; the hosts are {', '.join(h.name for h in inventory)}"]
        )
    chosen = [h for h in inventory if not limit or h.name in limit]
    with _session(inventory, chosen, before=lambda state: begin(state, run), tolerant=tolerant) as state:
        yield state


@contextmanager
def answering(path: str, *, names: Collection[str]) -> Iterator[list[Any]]:
    """Hosts of an inventory, connected, even if its cluster or network is invalid.

    :raises InvalidInventory: when one of them does not answer.
    """
    from underlay.run.read_inventory import load  # noqa: PLC0415

    _on_gevent()
    inventory = load(path)
    chosen = [h for h in inventory if h.name in names]
    with _session(inventory, chosen):
        yield chosen


def _on_gevent() -> None:
    """Patch the process for gevent, on which pyinfra runs, before anything opens a socket."""
    from gevent import monkey  # noqa: PLC0415

    monkey.patch_all()


@contextmanager
def _session(
    inventory: Any, chosen: list[Any], *, before: Callable[[Any], None] | None = None, tolerant: bool = False
) -> Iterator[Any]:
    from pyinfra.api import Config, State  # noqa: PLC0415
    from pyinfra.api.connect import connect_all, disconnect_all  # noqa: PLC0415
    from pyinfra.api.exceptions import PyinfraError  # noqa: PLC0415
    from pyinfra.context import ctx_config, ctx_inventory, ctx_state  # noqa: PLC0415

    from underlay.inventory.errors import InvalidInventory  # noqa: PLC0415

    state, config = State(check_for_changes=False), Config()
    ctx_state.set(state)
    ctx_config.set(config)
    ctx_inventory.set(inventory)
    state.init(inventory, config, initial_limit=chosen)
    if before:
        before(state)
    with suppress(PyinfraError):
        connect_all(state)
    silent = [h.name for h in chosen if h not in state.active_hosts]
    if silent and not tolerant:
        raise InvalidInventory([f"{name}: is not reachable over SSH; see above" for name in silent])
    try:
        yield state
    finally:
        disconnect_all(state)
