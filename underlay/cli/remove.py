"""`underlay remove`: nodes out of a cluster that goes on."""

from __future__ import annotations

import os
import time

import click

from .confirm import confirm
from .errors import Refused
from .inventory import connected, inventory_argument
from .stages import claim_hosts, deployed, going_on, verify_and_conclude

_REMEDY = "mend what is named and run the same command again"


@click.command("remove")
@inventory_argument
@click.argument("names", nargs=-1, required=True, metavar="NODE...")
@click.option("--plan", "only_plan", is_flag=True, help="Show what would be done, and change nothing.")
@click.option("-y", "--yes", is_flag=True, help="Remove without confirmation.")
def remove_command(inventory: str, names: tuple[str, ...], only_plan: bool, yes: bool) -> None:
    """Take nodes out of a cluster that goes on without them, dead ones too.

    A node that answers is drained as disruption budgets allow, its member leaves etcd, its Node is deleted, and the
    host is reset to what it was before its first deploy. Of one that is dead, or that the inventory does not name any
    more, the cluster's side is tidied. Then the others are deployed without it: static routes, BGP sessions of routers
    and the cloud's routes go with it, and the cluster is verified.

    Any control-plane host may go, the first one too, as long as etcd keeps a majority and the endpoint is not its
    address. Take the line out of the inventory afterwards. A host that is installed anew under its name joins by a
    deploy.

    \b
    Exit status: 0 the nodes are gone and the cluster is verified, 1 an error; with --plan 0.
    Examples:  underlay remove inventories/site.py w-7 --plan
               underlay remove inventories/site.py cp-1
    """
    from underlay.run.read_inventory import load, read_declared  # noqa: PLC0415
    from underlay.run.remove_nodes import endpoint_problems  # noqa: PLC0415

    os.environ["UNDERLAY_LAB_BOOT"] = "no"
    began = time.monotonic()
    if problems := [*endpoint_problems(read_declared(load(inventory)).cluster, names)]:
        raise Refused(problems)
    with connected(inventory, sourced=False, tolerant=True, behind=names) as state:
        from underlay.run.leaving import read_without  # noqa: PLC0415
        from underlay.run.remove_nodes import planned_removal, remove, summary  # noqa: PLC0415
        from underlay.run.run import current_run  # noqa: PLC0415

        removal = planned_removal(state, names)
        cluster = current_run().spec.cluster.name
        click.echo("\n".join(removal.lines))
        if only_plan:
            return
        if not yes:
            confirm(f"Remove {', '.join(names)} from {cluster}?", unattended="remove: takes nodes out of a cluster")
        claim_hosts(inventory, "remove")
        with going_on(_REMEDY):
            result = remove(state, removal, say=_say)
    if result.left:
        raise Refused([*result.left, _REMEDY])
    left = [name for name in names if name not in removal.unnamed]
    read_without(left)
    _say("deploying the others without them")
    if not deployed(inventory, {}):
        raise Refused([_REMEDY])
    with connected(inventory) as state:
        _say("verifying the cluster")
        what = f"without {', '.join(names)}"
        verify_and_conclude(state, lambda _: None, what=lambda _: what, began=began, remedy=_REMEDY)
    if left:
        click.echo(summary(left))


def _say(text: str) -> None:
    click.echo(f"remove: {text}", err=True)
