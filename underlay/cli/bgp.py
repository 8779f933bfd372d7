"""`underlay bgp`: both sides of every BGP session in one table."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape

from underlay.run.plain_table import plain_table

from .inventory import connected, inventory_argument
from .output_file import write_output

if TYPE_CHECKING:
    from underlay.routing.session_check import SessionRow, Side


@click.command("bgp")
@inventory_argument
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON.")
@click.option("--peers", "only_peers", is_flag=True, help="Contact no host: list the declared peers.")
@click.option(
    "--config", "dialect", type=click.Choice(["frr", "bird", "table"]),
    help="Contact no host: print what routers not managed by Underlay need, in this format.",
)  # fmt: skip
@click.option(
    "--picture", type=click.Path(dir_okay=False), metavar="FILE", help="Contact no host: draw the peers as SVG."
)
def bgp_command(inventory: str, as_json: bool, only_peers: bool, dialect: str | None, picture: str | None) -> None:
    """Show every BGP session, both sides in one row: state, since, prefixes, and what is missing and why.

    A host that does not answer is reported in its rows. Nothing is changed.

    \b
    Exit status: 0 every session is up with the expected prefixes, 1 otherwise.
    Example:  underlay bgp inventories/lab_bgp.py
              underlay bgp inventories/mine.py --config bird    for the routers of your network team
    """
    if only_peers or dialect or picture:
        _without_contact(inventory, dialect or "table", picture)
        return
    with connected(inventory, tolerant=True, sourced=False) as state:
        from underlay.run.bgp_status import query_speakers  # noqa: PLC0415

        rows, others = query_speakers(state)
    if as_json:
        click.echo(json.dumps({"sessions": [_plain(r) for r in rows], "problems": others}, indent=1))
    else:
        _show(rows, others)
    sys.exit(1 if others or any(r.problems for r in rows) or not rows else 0)


def _without_contact(inventory: str, dialect: str, picture: str | None) -> None:
    from underlay.inventory.errors import InvalidInventory  # noqa: PLC0415
    from underlay.routing.peering_picture import peering_picture  # noqa: PLC0415
    from underlay.routing.router_config import in_dialect  # noqa: PLC0415
    from underlay.run.read_inventory import load, read_declared  # noqa: PLC0415

    cluster = read_declared(load(inventory)).cluster
    if cluster.bgp is None:
        raise InvalidInventory([f"bgp: is missing in {inventory}; set bgp = {{…}}"])
    if picture:
        write_output("--picture", picture, peering_picture(cluster))
    else:
        click.echo(in_dialect(cluster, dialect), nl=False)


def _show(rows: list[SessionRow], others: list[str]) -> None:
    table = plain_table("session", "AS", "state", "since", "sent", "received", "accepted", "problems", wraps="problems")
    for row in rows:
        one, other = row.one, row.other
        table.add_row(
            f"{one.end.host} - {other.end.host}",
            f"{one.end.as_number} - {other.end.as_number}",
            _pair(one.state, other.state),
            _pair(_since(one), _since(other)),
            *(_pair(_count(one, what), _count(other, what)) for what in ("sent", "received", "accepted")),
            f"[red]{escape('; '.join(row.problems))}[/]" if row.problems else "[green]none[/]",
        )
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 240)
    console.print(table)
    bad = sum(bool(r.problems) for r in rows)
    for line in others:
        console.print(f"[red]{escape(line)}[/]", soft_wrap=True)
    console.print(f"{len(rows)} sessions, {bad} with problems" if rows else "no session is declared")


def _pair(one: str, other: str) -> str:
    return one if one == other else f"{one} / {other}"


def _since(side: Side) -> str:
    if not side.observed or not side.observed.is_up:
        return "-"
    minutes, seconds = divmod(int(side.observed.up), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}" if hours else (f"{minutes}m{seconds:02}" if minutes else f"{seconds}s")


def _count(side: Side, what: str) -> str:
    if not side.observed:
        return "-"
    value: Any = getattr(side.observed, what)
    if value is None:
        return "-"
    return str(value if isinstance(value, int) else len(value))


def _plain(row: SessionRow) -> dict[str, Any]:
    sides = [
        {
            "host": side.end.host,
            "address": str(side.end.address),
            "as_number": side.end.as_number,
            "state": side.state,
            "up_seconds": side.observed.up if side.observed else None,
            "sent": side.observed.sent if side.observed else None,
            "received": _sorted(side.observed.received if side.observed else None),
            "accepted": _sorted(side.observed.accepted if side.observed else None),
        }
        for side in (row.one, row.other)
    ]
    return {"sides": sides, "problems": list(row.problems)}


def _sorted(prefixes: Iterable[str] | None) -> list[str] | None:
    return None if prefixes is None else sorted(prefixes)
