"""`python -m underlay.cli.serve_shells INVENTORY`: connects to its hosts, and gives shells to whoever started it."""

from __future__ import annotations

import json
import os
import socket
import sys

import click

from .errors import is_fixable
from .inventory import connected


def serve(inventory: str) -> None:
    """Print the inventory's variables as a line of JSON, then give shells until the other process closes its end."""
    # A host of a lab is taken as it is.
    os.environ["UNDERLAY_LAB_BOOT"] = "no"
    with connected(inventory, tolerant=True) as state:
        from underlay.run.live_tests import without_secrets  # noqa: PLC0415
        from underlay.run.reach import reach  # noqa: PLC0415
        from underlay.run.run import current_run  # noqa: PLC0415
        from underlay.run.shells import DESCRIPTOR, ShellServer  # noqa: PLC0415

        run = current_run()
        hosts = without_secrets(run.inventory.hosts)
        click.echo(json.dumps({"hosts": hosts, "groups": run.inventory.groups}, default=str))
        with socket.socket(fileno=int(os.environ[DESCRIPTOR])) as requests:
            ShellServer(state, reach(state)).serve(requests)


def main() -> None:
    """Exit status 1 where the inventory is invalid."""
    try:
        serve(sys.argv[1])
    except Exception as error:
        if not is_fixable(error):
            raise
        for line in str(error).splitlines():
            click.echo(f"underlay: {line}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
