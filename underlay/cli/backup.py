"""`underlay backup`: what a cluster's control plane is made again from, in one encrypted file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from .errors import Refused
from .inventory import connected, inventory_argument
from .passphrase import passphrase_of
from .stages import going_on

_SUFFIX = "backup.age"


@click.command("backup")
@inventory_argument
@click.option(
    "--recipient",
    "recipients",
    multiple=True,
    metavar="KEY",
    help="Encrypt to a public key of age or OpenSSH, or to those in a file; may be repeated.",
)
@click.option(
    "--passphrase-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Encrypt by the passphrase in the file's first line; without both, one is asked for.",
)
@click.option(
    "--to",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file; backups/CLUSTER-TIME-backup.age without.",
)
@click.option("--keep", type=click.IntRange(1), metavar="N", help="Remove this cluster's older backups but the last N.")
def backup_command(
    inventory: str, recipients: tuple[str, ...], passphrase_file: Path | None, path: Path | None, keep: int | None
) -> None:
    """Keep what the control plane is made again from: etcd's data, the authorities with their keys, static pods,
    the inventory and its lock.

    It is taken while the cluster works, from the first control-plane host that can give it, and needs no API server.
    The file is encrypted in the format of age, is written whole or not at all, and is read back before this ends.
    Whoever can decrypt it has every secret of the cluster. What pods keep on disks is not in it.

    \b
    Exit status: 0 the backup is there and was read back, 1 it is not.
    Examples:  underlay backup inventories/site.py
               underlay backup inventories/site.py --recipient age1… --keep 14
               underlay restore inventories/site.py backups/site-20261201-093000-backup.age
    """
    from underlay.backup import sealed  # noqa: PLC0415
    from underlay.backup.archive import packed, unpacked  # noqa: PLC0415
    from underlay.files import write_whole  # noqa: PLC0415

    if recipients and passphrase_file:
        raise Refused(["--recipient and --passphrase-file exclude one another"])
    if path and keep:
        raise Refused(["--keep counts files in backups/, and --to names another place; leave one of them out"])
    if path and path.exists():
        raise Refused([f"--to: {path} exists; name another file, or remove it"])
    try:
        to: Any = sealed.recipients(recipients)
    except ValueError as error:
        raise Refused([f"--recipient: {error}"]) from None
    to = to or passphrase_of(passphrase_file, confirm=True, instead="--recipient or --passphrase-file")
    os.environ["UNDERLAY_LAB_BOOT"] = "no"
    beside = _of_controller(Path(inventory))
    with connected(inventory, sourced=False, tolerant=True) as state, going_on("no backup was written"):
        from underlay.run.backup_cluster import taken  # noqa: PLC0415
        from underlay.run.backups import older, place  # noqa: PLC0415

        backup = taken(state, beside)
        path = path or place(_SUFFIX)
        content = sealed.seal(packed(backup), to)
        try:
            write_whole(path, content, mode=0o600)
            back = path.read_bytes()
        except OSError as error:
            raise Refused([f"{path} cannot be written ({error.strerror})"]) from error
        if back != content or (isinstance(to, str) and unpacked(sealed.unseal(back, to)).files != backup.files):
            raise Refused([f"{path} is not what was written; see what is wrong with the disk"])
        removed = older(_SUFFIX, keep) if keep else []
        for file in removed:
            file.unlink()
    click.echo(f"{path}: {backup}, {len(content) / 2**20:.1f} MB, from {backup.host}")
    if removed:
        click.echo(f"removed: {', '.join(map(str, removed))}")


def _of_controller(inventory: Path) -> dict[str, bytes]:
    """The inventory and its lock, by their names in the backup."""
    files = (inventory, inventory.with_suffix(".lock.json"))
    try:
        return {f"project/{file.name}": file.read_bytes() for file in files if file.is_file()}
    except OSError as error:
        raise Refused([f"{inventory}: cannot be read ({error.strerror})"]) from error
