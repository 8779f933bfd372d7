"""`underlay lock`: the checksums that a site trusts, without contacting a host."""

from __future__ import annotations

import click

from .inventory import inventory_argument
from .trusted_files import show_trusted


@click.command("lock", short_help="Keep the checksums of what will be downloaded.")
@inventory_argument
def lock_command(inventory: str) -> None:
    """Read the checksums of what the cluster is installed from, and keep them beside the inventory.

    inventories/mine.py has its lock in inventories/mine.lock.json, to be committed. A deploy does the same on its first
    run; this command does it from a machine that reaches upstream, for another that does not, and where the inventory
    says "pins": "locked". Entries that are there already are kept; another value for one of them is an error.

    \b
    underlay lock inventories/mine.py && git diff inventories/mine.lock.json
    """
    from underlay.run.artifacts import lock_artifacts  # noqa: PLC0415
    from underlay.run.read_inventory import load, read_declared  # noqa: PLC0415

    show_trusted(lock_artifacts(read_declared(load(inventory)), inventory=inventory))
