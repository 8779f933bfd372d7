"""`underlay render`: everything a deploy would install and apply, as files."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import click

from .inventory import inventory_argument
from .rendered_directory import replace_directory


@click.command("render", short_help="Write what a deploy would install and apply.")
@inventory_argument
@click.option(
    "--to",
    "directory",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="A directory that is new, empty, or of an earlier render.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was written (path, size, sha256) as JSON.")
def render_command(inventory: str, directory: Path, as_json: bool) -> None:
    """Write everything a deploy would install and apply: for review, for a repository, for an air-gapped site.

    For each host: its files at their paths, resources.txt with a line for every resource (packages, kernel modules,
    sysctls, units, binaries, images), firewall.txt with what is allowed if a firewall runs. For the cluster: kubeadm's
    configuration, a summary of the network with the ports to open, its objects in the order in which they are applied,
    its Helm releases with chart, version and values.

    No host is contacted, and no binary or image is needed. Secrets are replaced by their names. The directory is
    written whole or not at all, and two renders of one inventory are the same to the byte.

    \b
    underlay render inventories/lab.py --to /tmp/lab
    underlay render inventories/lab.py --to rendered && git diff --stat rendered
    underlay render inventories/lab.py --to /tmp/lab --json | jq -r '.files[].path'
    """
    from underlay.plan.render import rendered  # noqa: PLC0415
    from underlay.run.artifacts_named import NamedArtifacts  # noqa: PLC0415
    from underlay.run.read_inventory import load, read_declared  # noqa: PLC0415

    spec = read_declared(load(inventory))
    files = rendered(spec, NamedArtifacts(kubernetes_version=spec.cluster.kubernetes_version))
    replace_directory(directory, files, about={"cluster": spec.cluster.name, "mode": spec.network.mode})
    if as_json:
        click.echo(
            json.dumps({"directory": str(directory), "files": [_entry(p, t) for p, t in files.items()]}, indent=1)
        )
    else:
        hosts = len(spec.cluster.nodes)
        what = f"{spec.network.mode}, {hosts} host{'' if hosts == 1 else 's'}, {len(files)} files"
        click.echo(f"{spec.cluster.name}: {what}: {directory}")


def _entry(path: str, text: str) -> dict[str, object]:
    data = text.encode()
    return {"path": path, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
