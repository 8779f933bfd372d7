"""`underlay deploy`: pyinfra's own command, with this project's deploy.py."""

from __future__ import annotations

import os
import sys

import click

from .inventory import inventory_argument


@click.command("deploy", context_settings={"ignore_unknown_options": True})
@inventory_argument
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- PYINFRA OPTIONS]")
def deploy_command(inventory: str, arguments: tuple[str, ...]) -> None:
    """Deploy the cluster that the inventory describes, and verify it.

    The same as `pyinfra -y INVENTORY deploy.py`; further options are passed to pyinfra (-v shows every change).

    \b
    Example:  underlay deploy inventories/lab.py --data verify=false
    """
    from underlay.inventory.errors import InvalidInventory  # noqa: PLC0415

    if not os.path.isfile(inventory):
        raise InvalidInventory([f"inventory: {inventory} does not exist; name an inventory file"])
    if not os.path.isfile("deploy.py"):
        raise InvalidInventory(
            ["deploy.py: is not in this directory; change to your project, or create one: underlay init DIR"]
        )
    os.execv(sys.executable, [sys.executable, "-m", "pyinfra", "-y", *arguments, inventory, "deploy.py"])  # noqa: S606
