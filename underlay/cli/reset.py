"""`underlay reset`: hosts as they were before their first deploy."""

from __future__ import annotations

import sys
from typing import Any

import click

from .confirm import confirm
from .errors import Refused
from .inventory import connected, inventory_argument, limit_option


@click.command("reset")
@inventory_argument
@limit_option
@click.option(
    "--plan", "only_plan", is_flag=True, help="Show what would go and what hosts would be again; change nothing."
)
@click.option("--keep-images", is_flag=True, help="Leave the images in /var/lib/containerd for another deploy.")
@click.option(
    "--without-record",
    is_flag=True,
    help="Also take Kubernetes away where no record says what the host was: another cluster's, an earlier release's. "
    "Nothing is given back there.",
)
@click.option("--other-cluster", is_flag=True, help="Also take hosts back that were deployed into another cluster.")
@click.option("-y", "--yes", is_flag=True, help="Reset without confirmation.")
def reset_command(
    inventory: str,
    limit: tuple[str, ...],
    only_plan: bool,
    keep_images: bool,
    without_record: bool,
    other_cluster: bool,
    yes: bool,
) -> None:
    """Take hosts back to what they were before their first deploy, and prove it.

    The first deploy wrote down on each host what it was: sysctls, files that it replaced, units, packages, swap. A
    reset takes Kubernetes and every trace of the network away and gives that back. What is not Underlay's stays: other
    firewall rules, links, routes and files.

    The data of etcd is copied to backups/ first. Hosts are reset side by side, then asked again: a difference that is
    left is an error. A reset that was interrupted is run again. `pyinfra INVENTORY reset.py` is the same.

    \b
    Exit status: 0 all hosts are as they were, 1 not.
    Examples:  underlay reset inventories/lab.py --plan
               underlay reset inventories/lab.py --yes
    """
    with connected(inventory, limit=limit, sourced=False) as state:
        from underlay.reset.consent import Consent  # noqa: PLC0415
        from underlay.run.claim import claim  # noqa: PLC0415
        from underlay.run.cloud_routes import make, planned_removal  # noqa: PLC0415
        from underlay.run.reset_hosts import planned_resets, reset_hosts  # noqa: PLC0415
        from underlay.run.run import current_run  # noqa: PLC0415

        run = current_run()
        resets = planned_resets(state, Consent(without_record, other_cluster))
        if problems := [f"{r.host}: {r.problem}" for r in resets if r.problem]:
            raise Refused(problems)
        cloud = planned_removal(run)
        for reset in resets:
            click.echo("\n".join(reset.lines))
        for change in cloud:
            click.echo(f"cloud: {change.sentence}")
        if only_plan or not (cloud or any(r.state for r in resets)):
            return
        names = ", ".join(r.host for r in resets if r.state) or "the cloud's routes"
        if not yes:
            confirm(f"Reset {names} of {inventory}?", unattended="reset: removes the cluster from these hosts")
        run.claim = claim(inventory, "reset")
        click.echo(f"resetting {names}, side by side", err=True)
        result = reset_hosts(state, resets, keep_images=keep_images, say=lambda text: click.echo(text, err=True))
        # Pods of hosts that are still there go on needing them.
        if not result.left and (reason := make(cloud, lambda text: click.echo(f"cloud: {text}"))):
            result.failed["cloud"] = reason
        name, executions = run.spec.cluster.name, max(run.log.executions.values(), default=0)
    _show(name, result, executions)


def _show(name: str, result: Any, executions: int) -> None:
    for host, path in result.backups.items():
        click.echo(f"{host}: etcd's data is in {path}")
    for line in result.left:
        click.echo(line, err=True)
    clean = sum(not lines for lines in result.differences.values())
    hosts = len(result.differences) + len(result.failed)
    click.echo(f"{name}: {clean} of {hosts} hosts are as they were; at most {executions} SSH executions on a host")
    sys.exit(1 if result.left else 0)
