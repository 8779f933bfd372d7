"""`underlay preflight`: whether the hosts, and the network between them, are fit for the requested pod network."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from .inventory import connected, inventory_argument, limit_option, say_left_out
from .output_file import write_output


@click.command("preflight")
@inventory_argument
@limit_option
@click.option("--json", "as_json", is_flag=True, help="Print findings and measurements as JSON.")
@click.option("--junit", type=click.Path(dir_okay=False), help="Write the findings as JUnit XML to this file.")
@click.option(
    "--page", type=click.Path(dir_okay=False), help="Write an HTML page with a matrix of all pairs to this file."
)
def preflight_command(
    inventory: str, limit: tuple[str, ...], as_json: bool, junit: str | None, page: str | None
) -> None:
    """Send the chosen mode's own packets between the hosts, before anything is installed.

    Every port and protocol that the mode and Kubernetes use is probed between every two hosts, in both directions; the
    path MTU is measured; segments, addresses, clocks, disks and routers are examined. Everything used on a host is
    removed again. It is also the first phase of a deploy: there the measured path MTU decides the pod MTU.

    A finding has a code; `accepted = {CODE: REASON}` in the inventory accepts it.

    \b
    Exit status: 0 fit (possibly with warnings), 1 a finding would stop a deploy.
    Example:  underlay preflight inventories/lab.py --page preflight.html
    """
    with connected(inventory, limit=limit, tolerant=True) as state:
        from underlay.run.plan_changes import query_all_hosts  # noqa: PLC0415
        from underlay.run.preflight_document import document  # noqa: PLC0415
        from underlay.run.preflight_findings import findings_of  # noqa: PLC0415

        run = query_all_hosts(state)
        found = findings_of(state, everything=True, say=_say)
        result = document(run, found)
        say_left_out(run, "examined")
    if junit:
        from underlay.preflight.junit import junit_of  # noqa: PLC0415

        write_output("--junit", junit, junit_of(result))
    if page:
        from underlay.preflight.page import page_of  # noqa: PLC0415

        write_output("--page", page, page_of(result))
    if as_json:
        click.echo(json.dumps(result, indent=1))
    else:
        _show(result)
    sys.exit(1 if result["verdict"] == "refused" else 0)


def _say(text: str) -> None:
    click.echo(f"preflight: {text}", err=True)


def _show(document: dict[str, Any]) -> None:
    for finding in document["findings"]:
        accepted = f" (accepted: {finding['accepted']})" if finding["accepted"] else ""
        click.echo(f"{finding['severity']} [{finding['code']}] {finding['where']}: {finding['measured']}{accepted}")
        if finding["cause"] and not accepted:
            click.echo(f"    likely cause: {finding['cause']}")
        if finding["remedy"] and not accepted:
            click.echo(f"    remedy: {finding['remedy']}")
    wire = document["wire"]
    if wire["pairs"]:
        rtt = wire["rtt_ms"]
        click.echo(
            f"{wire['pairs']} directed pairs of {len(document['hosts'])} hosts, {wire['flows']} flows probed, "
            f"{wire['open']} open, {wire['not_probed']} not probed; smallest path MTU {wire['path_mtu'] or 'unknown'}, "
            f"pod MTU {wire['pod_mtu']}; round trip {rtt[0]} to {rtt[1]} ms"
        )
    click.echo(f"{document['cluster']}: {document['verdict']} for {document['mode']}, {document['seconds']} s")
