"""`underlay preflight`: whether the hosts, and the wire between them, are fit for the network that is asked for."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from .inventory import connected, inventory_argument


@click.command("preflight")
@inventory_argument
@click.option("--json", "as_json", is_flag=True, help="Print findings and measurements as JSON.")
@click.option("--junit", type=click.Path(dir_okay=False), help="Write the findings as JUnit XML to this file.")
@click.option("--page", type=click.Path(dir_okay=False), help="Write a page with the matrix of pairs to this file.")
def preflight_command(inventory: str, as_json: bool, junit: str | None, page: str | None) -> None:
    """Send the chosen mode's own packets between the hosts, before anything is installed.

    Every port and protocol that the mode and Kubernetes use is tried between every two hosts, both ways; the largest
    packet that passes is measured; segments, addresses, clocks, disks and routers are looked at. Nothing that is done
    on a host outlasts the run. It is the first phase of a deploy, too: there the measured path decides the pods' MTU.

    A finding has a code; `accepted = {CODE: REASON}` in the inventory lives with it.

    \b
    Exit status: 0 fit (warnings there may be), 1 something would stop a deploy.
    Example:  underlay preflight inventories/lab.py --page preflight.html
    """
    with connected(inventory, tolerant=True) as state:
        from underlay.run.plan_changes import query_all_hosts  # noqa: PLC0415
        from underlay.run.preflight_document import document  # noqa: PLC0415
        from underlay.run.preflight_findings import findings_of  # noqa: PLC0415

        run = query_all_hosts(state)
        found = findings_of(state, everything=True, say=_say)
        told = document(run, found)
    if junit:
        from underlay.preflight.junit import junit_of  # noqa: PLC0415

        _write(junit, junit_of(told))
    if page:
        from underlay.preflight.page import page_of  # noqa: PLC0415

        _write(page, page_of(told))
    if as_json:
        click.echo(json.dumps(told, indent=1))
    else:
        _show(told)
    sys.exit(1 if told["verdict"] == "refused" else 0)


def _say(text: str) -> None:
    click.echo(f"preflight: {text}", err=True)


def _show(told: dict[str, Any]) -> None:
    for finding in told["findings"]:
        accepted = f" (accepted: {finding['accepted']})" if finding["accepted"] else ""
        click.echo(f"{finding['severity']} [{finding['code']}] {finding['where']}: {finding['measured']}{accepted}")
        if finding["cause"] and not accepted:
            click.echo(f"    points to: {finding['cause']}")
        if finding["remedy"] and not accepted:
            click.echo(f"    remedy: {finding['remedy']}")
    wire = told["wire"]
    if wire["pairs"]:
        rtt = wire["rtt_ms"]
        click.echo(
            f"{wire['pairs']} directed pairs of {len(told['hosts'])} hosts, {wire['flows']} ports and protocols asked, "
            f"{wire['open']} open, {wire['not_probed']} not asked; smallest path {wire['path_mtu'] or 'not measured'}, "
            f"pods get {wire['pod_mtu']} bytes; round trip {rtt[0]} to {rtt[1]} ms"
        )
    click.echo(f"{told['cluster']}: {told['verdict']} for {told['mode']}, {told['seconds']} s")


def _write(path: str, text: str) -> None:
    partial = Path(f"{path}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
