"""`underlay kubeconfig`: access to the API server for a user."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import click

from .errors import Refused
from .inventory import connected, inventory_argument
from .output_file import write_output

# What kube-controller-manager signs for (--cluster-signing-duration).
_LONGEST_DAYS = 365


@click.command("kubeconfig")
@inventory_argument
@click.option("--user", required=True, metavar="NAME", help="Who it is for; access rules name the user so.")
@click.option("--group", "groups", multiple=True, metavar="NAME", help="A group of the user; may be repeated.")
@click.option(
    "--days",
    type=click.IntRange(1, _LONGEST_DAYS),
    default=30,
    show_default=True,
    help="How long it is valid: nobody can revoke it.",
)
@click.option(
    "--to", "path", type=click.Path(dir_okay=False, path_type=Path), help="The file; NAME.kubeconfig without."
)
def kubeconfig_command(inventory: str, user: str, groups: tuple[str, ...], days: int, path: Path | None) -> None:
    """Write a kubeconfig for a user: with a key of its own, and a certificate that the cluster has signed.

    The key is made on this machine and leaves it in that file alone, which only you can read. Nothing is left in the
    cluster. The certificate says who somebody is; what the user may do, access rules (RBAC) say, and without one
    nothing. The group kubeadm:cluster-admins may do everything.

    \b
    Exit status: 0 written, 1 not.
    Examples:  underlay kubeconfig inventories/lab.py --user alice --group developers
               underlay kubeconfig inventories/lab.py --user bob --group kubeadm:cluster-admins --days 1
               underlay kubectl create rolebinding alice --clusterrole view --user alice
    """
    import yaml  # noqa: PLC0415

    from underlay.plan.user_access import (  # noqa: PLC0415
        kubeconfig,
        name_problems,
        signing_script,
        user_key,
        valid_until,
    )
    from underlay.run.read_inventory import load, read_declared  # noqa: PLC0415

    path = path or Path(f"{user.replace('/', '-')}.kubeconfig")
    problems = name_problems(user, groups)
    if path.exists():
        problems.append(f"--to: {path} exists; name another file, or remove it")
    if problems:
        raise Refused(problems)
    os.environ["UNDERLAY_LAB_BOOT"] = "no"
    key = user_key(user, groups)
    script = signing_script(f"underlay-{secrets.token_hex(6)}", key.request, days=days)
    first = read_declared(load(inventory)).cluster.first.name
    with connected(inventory, sourced=False, limit=(first,)) as state:
        from underlay.run.run import current_run  # noqa: PLC0415
        from underlay.run.user_certificate import signed  # noqa: PLC0415

        cluster = current_run().spec.cluster
        ca, certificate = signed(state, script)
    document = kubeconfig(cluster, user, key, ca=ca, certificate=certificate)
    write_output("--to", path, yaml.safe_dump(document, sort_keys=False), mode=0o600)
    until = f"{valid_until(certificate):%Y-%m-%d %H:%M} UTC"
    click.echo(f"{path}: {user} of {cluster.name}, valid until {until}; kubectl --kubeconfig {path}")
