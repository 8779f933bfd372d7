"""`underlay networks`: every mode side by side, or one of them in full."""

from __future__ import annotations

import json
from pathlib import Path

import click

from underlay.catalog.comparison import Comparison, compared, comparison
from underlay.catalog.filters import Wanted
from underlay.catalog.mode_text import one_mode
from underlay.catalog.pictures import drawn
from underlay.catalog.tables import columns
from underlay.inventory.errors import unknown
from underlay.model.traits import Status
from underlay.networks.registry import modes, retired

from .errors import Refused
from .kernel_option import KERNEL
from .proofs import proofs
from .table import show_table

# What a narrow terminal goes without, the first of them first.
SPARE = ("needs", "clouds", "overhead", "IP", "kernel", "across racks", "upstream", "policy")


@click.command("networks", short_help="Every network there is, or one in full.")
@click.argument("mode", required=False)
@click.option("--plugin", "plugins", multiple=True, metavar="NAME", help="Of this plugin; may be repeated.")
@click.option("--encryption", default="", metavar="HOW", help='"any", "none", or a word of its name: wireguard, ipsec.')
@click.option("--policy", is_flag=True, help="NetworkPolicy is enforced.")
@click.option("--across-racks", is_flag=True, help="Pods reach one another over a router between their nodes.")
@click.option(
    "--cloud", default="", metavar="NAME", help="Works there: the cloud's own modes and those for any IP network."
)
@click.option(
    "--status", "statuses", multiple=True, type=click.Choice([s.value for s in Status]), help="As upstream has it."
)
@click.option("--max-overhead", type=click.IntRange(0), metavar="BYTES", help="A packet grows by so much at most.")
@click.option(
    "--min-proof", type=click.IntRange(0, 5), default=0, metavar="RUNG", help="Proven this far at least, 1 to 5."
)
@click.option("--kernel", type=KERNEL, help="Serves on this kernel, e.g. 5.15.")
@click.option("--dual-stack", is_flag=True, help="IPv4 and IPv6.")
@click.option("--egress", is_flag=True, help="Pods leave from fixed addresses.")
@click.option("--clusters", is_flag=True, help="Joins several clusters.")
@click.option("--json", "as_json", is_flag=True, help="Everything there is to know, as JSON.")
@click.option(
    "--draw",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Draw the data paths as SVG into DIR.",
)
def networks_command(mode: str | None, as_json: bool, draw: Path | None, **asked: object) -> None:
    """Show every network there is, filtered; or one MODE: settings, prerequisites, ports, picture, proof.

    Sizes are bytes on a path with an MTU of 1500. "Proven" counts the rungs of a ladder: 1 renders, 2 accepted by a
    real API server or the plugin's own program, 3 pods talk across racks on a real kernel, 4 a capture shows this
    mode and no other, 5 a second run changes nothing and a reset leaves nothing behind.

    \b
    underlay networks
    underlay networks --encryption any --across-racks --kernel 5.15
    underlay networks --policy --max-overhead 20
    underlay networks NAME
    underlay networks --json | jq -r '.[] | select(.pod_mtu == 1500).mode'
    """
    wanted = Wanted(**asked)  # type: ignore[arg-type]
    if mode is not None:
        if wanted != Wanted() or draw:
            raise click.UsageError("a MODE stands alone, or with --json")
        _one(mode, as_json=as_json)
        return
    _known_plugins(wanted.plugins)
    rows = [row for row in comparison(proofs()) if wanted.admits(row)]
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
    click.echo(json.dumps(found.as_json(), indent=1) if as_json else one_mode(found), nl=as_json)


def _known_plugins(asked: tuple[str, ...]) -> None:
    known = sorted({row.partition("-")[0] for row in modes()})
    if wrong := [unknown("--plugin", name, known, what="plugin") for name in asked if name not in known]:
        raise Refused(wrong)


def _list(rows: list[Comparison]) -> None:
    if not rows:
        click.echo("no mode is all of that; leave a filter out, or see why: underlay choose")
        return
    head, cells = columns(rows)
    show_table(head, cells, spare=SPARE)


def _draw(rows: list[Comparison], directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in drawn(rows).items():
        (directory / name).write_text(text, encoding="utf-8")
    click.echo(f"{len(drawn(rows))} pictures: {directory}")
