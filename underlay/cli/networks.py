"""`underlay networks`: all modes in comparison, or one in full."""

from __future__ import annotations

import json
from pathlib import Path

import click

from underlay.catalog.comparison import Comparison, compared, comparison
from underlay.catalog.filters import ModeFilter
from underlay.catalog.mode_text import mode_text
from underlay.catalog.pictures import drawn
from underlay.catalog.tables import columns
from underlay.inventory.errors import unknown
from underlay.model.traits import Status
from underlay.networks.registry import modes, retired

from .errors import Refused
from .kernel_option import KERNEL
from .output_file import write_output
from .proofs import proofs
from .table import show_table

# Columns that a narrow terminal omits, in this order.
SPARE = ("cluster policy", "needs", "clouds", "overhead", "IP", "kernel", "across racks", "upstream", "policy")


@click.command("networks", short_help="Compare networks, or show one in full.")
@click.argument("mode", required=False)
@click.option("--plugin", "plugins", multiple=True, metavar="NAME", help="Only modes of this plugin; may be repeated.")
@click.option(
    "--encryption",
    default="",
    metavar="HOW",
    help='Only modes with this encryption: "any", "none", wireguard or ipsec.',
)
@click.option("--policy", is_flag=True, help="Only modes that enforce NetworkPolicy.")
@click.option("--across-racks", is_flag=True, help="Only modes whose pods reach one another through a router.")
@click.option(
    "--cloud", default="", metavar="NAME", help="Only modes for this cloud: its own, and those for any IP network."
)
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice([s.value for s in Status]),
    help="Only modes with this status upstream.",
)
@click.option(
    "--max-overhead",
    type=click.IntRange(0),
    metavar="BYTES",
    help="Only modes that add at most so many bytes to a packet.",
)
@click.option(
    "--min-proof",
    type=click.IntRange(0, 5),
    default=0,
    metavar="RUNG",
    help="Only modes proven at least this far, 1 to 5.",
)
@click.option("--kernel", type=KERNEL, help="Only modes that work on this kernel, e.g. 5.15.")
@click.option("--dual-stack", is_flag=True, help="Only modes with IPv4 and IPv6.")
@click.option("--egress", is_flag=True, help="Only modes with fixed egress addresses.")
@click.option("--clusters", is_flag=True, help="Only modes that connect several clusters.")
@click.option("--json", "as_json", is_flag=True, help="Print everything about the modes as JSON.")
@click.option(
    "--draw",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Draw the data paths as SVG into DIR.",
)
def networks_command(mode: str | None, as_json: bool, draw: Path | None, **options: object) -> None:
    """Compare all networks that pass the filters; or show one MODE: settings, prerequisites, ports, picture, proof.

    Sizes are bytes on a path with an MTU of 1500. "Proven" counts the rungs of a ladder: 1 renders, 2 accepted by a
    real API server or the plugin's own program, 3 pods talk across racks on a real kernel, 4 a capture shows this
    mode and no other, 5 a second run changes nothing.

    \b
    underlay networks
    underlay networks --encryption any --across-racks --kernel 5.15
    underlay networks --policy --max-overhead 20
    underlay networks NAME
    underlay networks --json | jq -r '.[] | select(.pod_mtu == 1500).mode'
    """
    filters = ModeFilter(**options)  # type: ignore[arg-type]
    if mode is not None:
        if filters != ModeFilter() or draw:
            raise click.UsageError("MODE can be combined with --json only")
        _one(mode, as_json=as_json)
        return
    _known_plugins(filters.plugins)
    rows = [row for row in comparison(proofs()) if filters.admits(row)]
    if draw:
        _draw(rows, draw)
    elif as_json:
        click.echo(json.dumps([row.as_json() for row in rows], indent=1))
    else:
        _list(rows)


def _one(mode: str, *, as_json: bool) -> None:
    if mode in retired():
        raise Refused([f"{mode}: is out of date; {retired()[mode]}"])
    if mode not in modes():
        raise Refused([unknown("MODE", mode, modes(), what="mode")])
    found = compared(mode, proofs())
    click.echo(json.dumps(found.as_json(), indent=1) if as_json else mode_text(found), nl=as_json)


def _known_plugins(names: tuple[str, ...]) -> None:
    known = sorted({row.partition("-")[0] for row in modes()})
    if wrong := [unknown("--plugin", name, known, what="plugin") for name in names if name not in known]:
        raise Refused(wrong)


def _list(rows: list[Comparison]) -> None:
    if not rows:
        click.echo("no mode passes all filters; drop one, or see why: underlay choose")
        return
    head, cells = columns(rows)
    show_table(head, cells, spare=SPARE)


def _draw(rows: list[Comparison], directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in drawn(rows).items():
        write_output("--draw", directory / name, text)
    click.echo(f"{len(drawn(rows))} pictures: {directory}")
