"""`underlay verify`: checks a cluster against its inventory."""

from __future__ import annotations

import json
import os
import sys
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from .confirm import confirm
from .errors import Refused
from .inventory import connected, inventory_argument, limit_option, say_left_out
from .output_file import write_output

if TYPE_CHECKING:
    from underlay.run.run import Run


@click.command("verify")
@inventory_argument
@limit_option
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--reboot", is_flag=True, help="Reboot every host first, one at a time. Interrupts the pods on each.")
@click.option(
    "--keep-pods", is_flag=True, help="Leave the server pods, and use those that were left: quicker each time."
)
@click.option("--metrics", metavar="FILE", help="Write the result in Prometheus' text format.")
@click.option(
    "--watch", type=click.IntRange(min=10), metavar="SECONDS", help="Verify that often, and print what changed."
)
@click.option("-y", "--yes", is_flag=True, help="Reboot without confirmation.")
def verify_command(
    inventory: str,
    limit: tuple[str, ...],
    as_json: bool,
    reboot: bool,
    keep_pods: bool,
    metrics: str | None,
    watch: int | None,
    yes: bool,
) -> None:
    """Check the hosts and the network against the inventory, at any time.

    Read-only except for its own namespace `underlay-verify`, which it deletes again. The report is a folder below
    reports/; `underlay report diff` shows what changed since the previous one.

    With --limit the checks that concern a host alone are made of these hosts; traffic between pods is not.

    --reboot shows that everything comes back by itself: workers first, then control planes, then routers, each only
    once the previous one answers over SSH, its node is Ready, and the pods bound to it run again. It stops at the first
    host that does not come back, and the checks report why. No node is drained: pods on it are down for that time.
    After Ctrl-C a host that is going down comes up again; there is nothing to clean up.

    --keep-pods is for verifications in a row, while something is being repaired: the server pods stay in their
    namespace with their Services, and the next one with --keep-pods probes from them at once. Whether new pods start,
    and whether kube-proxy serves a new Service, is not tested then. One without --keep-pods makes new ones and deletes
    them in the end.

    --metrics is for node_exporter's textfile collector (a FILE that ends in .prom in its directory): verdict, time,
    checks by outcome, failed checks by area and by path, latencies. A cluster that cannot be reached is not verified.

    --watch goes on until Ctrl-C. Of its reports it keeps those between which something changed.

    \b
    Exit status: 0 verified, 1 not verified; of --watch that of the last verification.
    Examples:  underlay verify inventories/lab.py
               underlay verify inventories/lab.py --reboot
               underlay verify inventories/lab.py --keep-pods
               underlay verify inventories/lab.py --watch 300 --metrics /var/lib/prometheus/node-exporter/underlay.prom
    """
    if metrics and limit:
        raise Refused(["--metrics: some hosts say nothing of the cluster; leave out --limit"])
    if watch is not None:
        _watch(inventory, watch, limit=limit, keep_pods=keep_pods, metrics=metrics, other=as_json or reboot)
    if reboot and not yes:
        what = "--reboot: interrupts the pods on every host in turn"
        confirm(f"Reboot every host of {inventory}, one at a time?", unattended=what)
    # A host of a lab is taken as it is, and comes back from a reboot by itself.
    os.environ["UNDERLAY_LAB_BOOT"] = "no"
    os.environ["UNDERLAY_KEEP_PODS"] = "yes" if keep_pods else ""
    with connected(inventory, limit=limit, tolerant=not reboot) as state:
        from underlay.findings.host_sets import by_reason  # noqa: PLC0415
        from underlay.run.live_tests import run_checks  # noqa: PLC0415
        from underlay.run.reach import reach  # noqa: PLC0415
        from underlay.run.run import current_run  # noqa: PLC0415

        run, silent = current_run(), reach(state)
        lost = by_reason(silent)
        # Nothing is known of a cluster without it.
        if run.spec.cluster.first.name in silent:
            _write_metrics(metrics, run)
            raise Refused(lost)
        failed = [*lost, *(_rebooted(state) if reboot else ()), *run_checks(run, state)]
        say_left_out(run, "verified")
    _write_metrics(metrics, run)
    if as_json and run.verification.report:
        with open(run.verification.report.replace(".html", ".json"), encoding="utf-8") as file:
            click.echo(json.dumps(json.load(file), indent=1))
    else:
        for line in failed:
            click.echo(line, err=True)
        click.echo(f"{run.spec.cluster.name}: {run.verification.verdict}")
        for note in run.verification.notes:
            click.echo(note)
        if run.verification.report:
            click.echo(f"report: {run.verification.report}")
    sys.exit(1 if failed else 0)


def _watch(
    inventory: str, every: int, *, limit: tuple[str, ...], keep_pods: bool, metrics: str | None, other: bool
) -> NoReturn:
    from .watch import watch  # noqa: PLC0415

    if other:
        raise Refused(["--watch: is with neither --json nor --reboot; leave these out"])
    options = [word for host in limit for word in ("--limit", host)]
    options += [*(["--keep-pods"] if keep_pods else []), *(["--metrics", metrics] if metrics else [])]
    sys.exit(watch([inventory, *options], every=every, rounds=count()))


def _write_metrics(path: str | None, run: Run) -> None:
    """Of the run's report, or that there is none."""
    if path is None:
        return
    from underlay.report.metrics import metrics_of, metrics_without_report  # noqa: PLC0415

    from .report_runs import file, read  # noqa: PLC0415

    ended, page = time.time(), run.verification.report
    text = (
        metrics_of(read(file(Path(page).parent)), ended=ended)
        if page
        else metrics_without_report(run.spec.cluster.name, ended=ended)
    )
    write_output("--metrics", path, text)


def _rebooted(state: Any) -> list[str]:
    """Reboot every host; the problems with that."""
    from underlay.run.reboot_hosts import reboot_hosts  # noqa: PLC0415

    return reboot_hosts(state, say=lambda text: click.echo(f"verify: {text}", err=True))
