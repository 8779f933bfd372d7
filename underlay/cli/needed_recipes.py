"""Which recipes of the bundle the clusters of inventories need."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

import click

from underlay.artifacts.build.image_recipes import recipes_of

from .errors import Refused


def recipes_for(inventories: Sequence[str]) -> frozenset[str]:
    """Return the recipes that these inventories' clusters are installed from; no host is contacted.

    A process of its own reads them: that patches a process for gevent, whose threads would compile one after another.

    :raises Refused: with every problem of an inventory.
    """
    command = [sys.executable, "-m", __name__, *inventories]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    if done.returncode:
        raise Refused([line.removeprefix("underlay: ") for line in done.stderr.splitlines()])
    return frozenset(json.loads(done.stdout))


def main() -> None:
    """Print the names of the recipes as JSON: `python -m underlay.cli.needed_recipes INVENTORY...`."""
    from underlay.inventory.errors import InvalidInventory  # noqa: PLC0415
    from underlay.plan.host_plan import plans  # noqa: PLC0415
    from underlay.run.artifacts_named import NotedArtifacts  # noqa: PLC0415
    from underlay.run.read_inventory import load, read_declared, refuse  # noqa: PLC0415

    found: frozenset[str] = frozenset()
    for inventory in sys.argv[1:]:
        try:
            spec = read_declared(load(inventory))
        except InvalidInventory as error:
            refuse(error.problems)
        artifacts = NotedArtifacts(kubernetes_version=spec.cluster.kubernetes_version)
        plans(spec, artifacts)
        found |= recipes_of(binaries=artifacts.binary_names, images=artifacts.image_names)
    click.echo(json.dumps(sorted(found)))


if __name__ == "__main__":
    main()
