"""`underlay certificates`: how long the certificates of a cluster are still valid."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from typing import Any

import click

from .confirm import confirm
from .errors import Refused
from .inventory import connected, inventory_argument, limit_option, say_left_out
from .stages import claim_hosts, going_on


@click.command("certificates")
@inventory_argument
@limit_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--renew", is_flag=True, help="Renew those of kubeadm now, also where the API server is down for them.")
@click.option("-y", "--yes", is_flag=True, help="Renew without confirmation.")
def certificates_command(inventory: str, limit: tuple[str, ...], as_json: bool, renew: bool, yes: bool) -> None:
    """List the certificates on every host, those that end first at the top. Private keys are not read.

    Those of etcd and the API server are valid for a year. A deploy renews them when less than a month is left, and an
    upgrade always; a kubelet renews its own. The verification fails when one has less than a month left.

    With --renew they are renewed on all control-plane hosts, whatever is left of them. Then etcd, the API server, the
    controller manager and the scheduler are restarted, on one host after the other, and the administrator's kubeconfig
    is fetched anew. Authorities are never renewed.

    \b
    Exit status: 0 all are valid for a month at least, 1 one is not, or a host does not answer.
    Examples:  underlay certificates inventories/lab.py
               underlay certificates inventories/lab.py --renew
    """
    if renew and limit:
        raise Refused(["--renew: goes over all control-plane hosts; leave --limit out"])
    os.environ["UNDERLAY_LAB_BOOT"] = "no"
    now = datetime.now(UTC)
    with connected(inventory, limit=limit, sourced=False) as state:
        if renew:
            _renew(inventory, state, yes=yes)
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


def _renew(inventory: str, state: Any, *, yes: bool) -> None:
    from underlay.run.renew_certificates import renew_certificates  # noqa: PLC0415
    from underlay.run.run import current_run  # noqa: PLC0415

    cluster = current_run().spec.cluster.name
    if not yes:
        confirm(f"Renew the certificates of {cluster}?", unattended="--renew: restarts the control plane's programs")
    claim_hosts(inventory, "certificates")
    with going_on("mend what is named and run the same command again"):
        renew_certificates(state, say=lambda text: click.echo(f"certificates: {text}", err=True))
