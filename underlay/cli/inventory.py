"""Connections to an inventory's hosts, for the commands that query them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from underlay.run.access_error import AccessError


def inventory_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.argument("inventory", type=click.Path())(function)


def limit_option(function: Callable[..., Any]) -> Callable[..., Any]:
    words = "Only these hosts: a name, a group, or a pattern such as 'w-*'; may be repeated."
    return click.option("--limit", multiple=True, metavar="HOST", help=words)(function)


def say_left_out(run: Any, what: str) -> None:
    """Say in one line what a limited command has left undone, apart from its output.

    :param what: as after "is", e.g. "planned".
    """
    if line := run.limit.left_out(what):
        click.echo(f"underlay: {line}", err=True)


@contextmanager
def connected(
    path: str,
    *,
    limit: tuple[str, ...] = (),
    tolerant: bool = False,
    sourced: bool = True,
    instead: Mapping[str, Any] = MappingProxyType({}),
    behind: Collection[str] = (),
) -> Iterator[Any]:
    """A pyinfra state with every host of the inventory connected, and its run begun.

    :param tolerant: continue without hosts that cannot be reached; the run has the reasons.
    :param sourced: whether artifacts are asked for: what installs nothing works without a bundle.
    :param instead: variables of all hosts that take the place of the inventory's, of a sourced run.
    :param behind: hosts that come after all others of their group, of a run that is not sourced.
    :param limit: names, groups or patterns of hosts; connect only to these, and to the first control-plane host.
    :raises InvalidInventory: for a bad inventory, and when a host cannot be reached.
    """
    from underlay.findings.host_sets import by_reason  # noqa: PLC0415
    from underlay.inventory.errors import InvalidInventory  # noqa: PLC0415
    from underlay.inventory.limit import limited  # noqa: PLC0415
    from underlay.run.reach import reach  # noqa: PLC0415
    from underlay.run.read_inventory import group_members, load, read_run, read_unsourced, staying  # noqa: PLC0415
    from underlay.run.run import begin  # noqa: PLC0415
    from underlay.run.session import session  # noqa: PLC0415

    _on_gevent()
    inventory = load(path)
    hosts = staying(inventory)
    known = limited(limit, [h.name for h in hosts], group_members(inventory))
    run = (
        read_run(inventory, name=path, instead=instead)
        if sourced
        else read_unsourced(inventory, name=path, behind=behind)
    )
    run = replace(run, limit=known)
    # What the cluster is, the first control-plane host says.
    chosen = [h for h in hosts if h.name in run.limit or h.name == run.spec.cluster.first.name]

    def without(state: Any, silent: list[AccessError]) -> None:
        run.observed.silent.update({error.host: error.reason for error in silent})
        if not tolerant:
            # Of the others, too, all that is wrong is said at once.
            raise InvalidInventory(by_reason(reach(state)))

    with session(inventory, chosen, before=lambda state: begin(state, run), on_silent=without) as state:
        yield state


@contextmanager
def answering(path: str, *, names: Collection[str]) -> Iterator[list[Any]]:
    """Hosts of an inventory, connected, even if its cluster or network is invalid.

    :raises InvalidInventory: when one of them cannot be reached.
    """
    from underlay.run.read_inventory import load  # noqa: PLC0415
    from underlay.run.session import session  # noqa: PLC0415

    _on_gevent()
    inventory = load(path)
    chosen = [h for h in inventory if h.name in names]
    with session(inventory, chosen, on_silent=_refuse):
        yield chosen


def _on_gevent() -> None:
    """Patch the process for gevent, on which pyinfra runs, before anything opens a socket."""
    from gevent import monkey  # noqa: PLC0415

    monkey.patch_all()


def _refuse(_state: Any, silent: list[AccessError]) -> None:
    from underlay.findings.host_sets import by_reason  # noqa: PLC0415
    from underlay.inventory.errors import InvalidInventory  # noqa: PLC0415

    raise InvalidInventory(by_reason({error.host: error.reason for error in silent}))
