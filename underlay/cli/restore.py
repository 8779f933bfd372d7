"""`underlay restore`: a cluster again, on new hosts, from a backup."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import click

from .confirm import confirm
from .errors import Refused
from .inventory import connected, inventory_argument
from .passphrase import passphrase_of
from .stages import claim_hosts, deployed, going_on, verify_and_conclude

# Seconds after which all clients of an API server that was away have tried again: client-go's reflectors wait 30 s at
# most, and up to as long again.
_BACK_S = 75
_REMEDY = "the restore has not ended; mend what is named and run the same command again"


@click.command("restore")
@inventory_argument
@click.argument("backup", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--identity",
    "identities",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file with a private key of age or OpenSSH that opens the backup; may be repeated.",
)
@click.option(
    "--passphrase-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The passphrase is its first line; without, it is asked for.",
)
@click.option("--check", is_flag=True, help="Open the backup, say what is in it, and contact no host.")
@click.option("-y", "--yes", is_flag=True, help="Restore without confirmation.")
def restore_command(
    inventory: str,
    backup: Path,
    identities: tuple[Path, ...],
    passphrase_file: Path | None,
    check: bool,
    yes: bool,
) -> None:
    """Make a cluster again whose control plane is lost, from what `underlay backup` has kept.

    The control-plane hosts of the inventory are empty: new, installed anew, or reset. The first one gets the
    authorities and etcd's data, kubeadm begins there with them, and a deploy brings the others. Workers that are still
    there go on with what runs on them; new ones under the names of lost ones take their place. The cluster is as it was
    when the backup was taken: what was made later is gone, what was deleted later is back. It is verified last.

    \b
    Exit status: 0 the cluster is back and verified, 1 an error.
    Examples:  underlay restore inventories/site.py backups/site-20261201-093000-backup.age --check
               underlay restore inventories/site.py backups/site-20261201-093000-backup.age --identity ~/key.txt
    """
    from underlay.patience import stretched  # noqa: PLC0415
    from underlay.run.claim import Purpose, begin_as  # noqa: PLC0415
    from underlay.run.read_inventory import load, read_declared  # noqa: PLC0415
    from underlay.run.restore_cluster import (  # noqa: PLC0415
        backup_problems,
        beginning,
        conclude,
        place,
        wait_for_nodes,
    )

    found = _opened(backup, identities, passphrase_file)
    click.echo(f"{backup}: {found}, from {found.host}")
    cluster = read_declared(load(inventory)).cluster
    if problems := [*backup_problems(found, cluster)]:
        raise Refused(problems)
    if check:
        click.echo(f"it is whole, and belongs to {inventory}")
        return
    os.environ["UNDERLAY_LAB_BOOT"] = "no"
    began = time.monotonic()
    begin_as(Purpose.RESTORE)
    with connected(inventory) as state:
        found_there = beginning(state)
        if not yes:
            confirm(f"Restore {cluster.name}?", unattended="restore: makes the cluster of the backup on the hosts")
        if not found_there.resumed:
            claim_hosts(inventory)
            _say(f"copying the backup to {cluster.first.name}")
            with going_on(_REMEDY):
                place(state, found)
    if not found_there.resumed:
        _say(f"beginning the control plane on {cluster.first.name}")
        if not deployed(inventory, {}, limit=cluster.first.name):
            raise Refused([_REMEDY])
    begin_as(Purpose.DEPLOY)
    _say("deploying to all hosts")
    if not deployed(inventory, {}):
        raise Refused([_REMEDY])
    with connected(inventory) as state:
        _say("waiting until all nodes serve")
        with going_on(_REMEDY):
            wait_for_nodes(state, found_there.empty)
        _say("verifying the cluster")
        what = f"restored to {found.made:%Y-%m-%d %H:%M} UTC"
        verify_and_conclude(
            state, conclude, what=lambda _: what, began=began, remedy=_REMEDY, settle_s=stretched(_BACK_S)
        )


def _opened(path: Path, files: tuple[Path, ...], passphrase_file: Path | None) -> Any:
    from underlay.backup import sealed  # noqa: PLC0415
    from underlay.backup.archive import unpacked  # noqa: PLC0415

    try:
        data = path.read_bytes()
    except OSError as error:
        raise Refused([f"{path} cannot be read ({error.strerror})"]) from error
    try:
        if sealed.by_passphrase(data):
            by: Any = passphrase_of(passphrase_file, confirm=False, instead="--passphrase-file")
        else:
            by = sealed.identities(files)
            if not by:
                raise Refused([f"{path} was encrypted to public keys; name a file with a private one: --identity"])
        return unpacked(sealed.unseal(data, by))
    except ValueError as error:
        raise Refused([f"{path}: {error}"]) from None


def _say(text: str) -> None:
    click.echo(f"restore: {text}", err=True)
