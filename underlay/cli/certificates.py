"""`underlay certificates`: how long the certificates of a cluster are still valid."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime

import click

from .errors import Refused
from .inventory import connected, inventory_argument, limit_option, say_left_out


@click.command("certificates")
@inventory_argument
@limit_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def certificates_command(inventory: str, limit: tuple[str, ...], as_json: bool) -> None:
    """List the certificates on every host, those that end first at the top. Private keys are not read.

    Those of etcd and the API server are valid for a year; an upgrade renews them, or `kubeadm certs renew all`. A
    kubelet renews its own. The verification fails when one has less than a month left.

    \b
    Exit status: 0 all are valid for a month at least, 1 one is not, or a host does not answer.
    Example:  underlay certificates inventories/lab.py
    """
    os.environ["UNDERLAY_LAB_BOOT"] = "no"
    now = datetime.now(UTC)
    with connected(inventory, limit=limit, sourced=False) as state:
        from underlay.run.host_certificates import certificates_of_nodes  # noqa: PLC0415
        from underlay.run.run import current_run  # noqa: PLC0415

        found, problems = certificates_of_nodes(state)
        say_left_out(current_run(), "examined")
    rows = sorted(((one, host) for host, several in found.items() for one in several), key=lambda r: (r[0].order, r[1]))
    if as_json:
        click.echo(
            json.dumps(
                [{"host": host, "file": one.path, "end": one.end and one.end.isoformat()} for one, host in rows],
                indent=1,
            )
        )
    else:
        from rich.console import Console  # noqa: PLC0415

        from underlay.run.plain_table import plain_table  # noqa: PLC0415

        table = plain_table("ends", "days", "host", "file")
        for one, host in rows:
            ends = f"{one.end:%Y-%m-%d %H:%M}" if one.end else "not a certificate"
            table.add_row(ends, f"{(one.end - now).days}" if one.end else "", host, one.path)
        Console(highlight=False, width=None if sys.stdout.isatty() else 1000).print(table)
    problems += [f"{host}: {problem}" for one, host in rows if (problem := one.problem(now))]
    if problems:
        raise Refused(problems)
