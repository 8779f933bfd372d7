"""`underlay plan`: what a deploy would change."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from .errors import Refused
from .inventory import connected, inventory_argument, limit_option, say_left_out
from .trusted_files import show_trusted

if TYPE_CHECKING:
    from underlay.artifacts.artifact import TrustedFile


def plan_document(
    sentences: Mapping[str, Sequence[str]],
    steps: Sequence[str],
    files: Sequence[TrustedFile],
    unnamed: Sequence[str] = (),
) -> dict[str, Any]:
    """A plan for programs: `hosts` has a sentence for each change, `rollout` the steps in which nodes are restarted,
    `downloads` each file with its sha256 and who says so (`arch` is null where hosts of every architecture need it),
    `not_in_inventory` nodes of the cluster that the inventory does not name."""
    downloads = [{"file": f.path, "arch": f.arch, "sha256": f.sha256, "trusted_by": f.by} for f in files]
    rest = {"downloads": downloads, "not_in_inventory": list(unnamed)}
    return {"hosts": dict(sentences), "rollout": list(steps), **rest}


@click.command("plan")
@inventory_argument
@limit_option
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
def plan_command(inventory: str, limit: tuple[str, ...], as_json: bool) -> None:
    """Show what a deploy would change on each host, and how each file that it downloads is trusted. No host is changed.

    \b
    Exit status: 0 nothing would change, 2 something would change, 1 an error.
    Example:  underlay plan inventories/lab.py
    """
    with connected(inventory, limit=limit) as state:
        from underlay.run.plan_changes import downloads, planned, planned_rollout, unnamed_nodes  # noqa: PLC0415
        from underlay.run.run import current_run  # noqa: PLC0415

        problems, sentences = planned(state)
        steps = [] if problems else planned_rollout(state)
        files, unnamed = downloads(state), unnamed_nodes(state)
        say_left_out(current_run(), "planned")
    if problems:
        raise Refused(problems)
    if as_json:
        click.echo(json.dumps(plan_document(sentences, steps, files, unnamed), indent=1))
    else:
        for host, lines in sentences.items():
            click.echo(f"{host}: {f'{len(lines)} changes' if lines else 'no change'}")
            for line in lines:
                click.echo(f"  {line}")
        if steps:
            click.echo(f"rollout, because services of nodes are restarted: {'; then '.join(steps)}")
        show_trusted(files)
    for name in unnamed:
        out = f"take it out of the cluster: underlay remove {inventory} {name}"
        click.echo(f"underlay: {name}: is a node, and not in the inventory; {out}", err=True)
    sys.exit(2 if any(sentences.values()) else 0)
