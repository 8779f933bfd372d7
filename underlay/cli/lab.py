"""`underlay lab`: the embedded lab from the command line."""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import wraps
from typing import ParamSpec, TypeVar

import click

from underlay.lab import lifecycle, record
from underlay.lab import ssh as lab_ssh
from underlay.lab.model.errors import LabError
from underlay.lab.model.topology import Lab
from underlay.lab.system.commands import installed, missing

from .errors import Refused

P = ParamSpec("P")
R = TypeVar("R")

name_option = click.option("--name", default=Lab().name, show_default=True, help="Name of the lab.")


def refusing(command: Callable[P, R]) -> Callable[P, R]:
    """Report a LabError like the other commands report their problems."""

    @wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except LabError as error:
            raise Refused(str(error).splitlines()) from error

    return guarded


@click.group("lab")
def lab_group() -> None:
    """Hosts on this machine, in racks, to test a cluster on.

    A host is a set of namespaces with its own systemd, sshd, address and disk: it boots in about 1.5 seconds and takes
    20 MB. Racks are network segments with a router between them. Requires root.

    \b
    underlay lab up                      one control plane, two workers, two racks
    underlay lab up --workers 9 --racks 3
    underlay lab status
    underlay lab ssh w-1 ip route
    underlay lab down                    removes everything but the base image
    """


@lab_group.command()
@name_option
@click.option("--workers", type=int, help="How many workers.  [default: 2]")
@click.option("--racks", type=int, help="Over how many racks they are distributed.  [default: 2]")
@click.option("--control-planes", type=int, help="How many control planes.  [default: 1]")
@click.option("--network", help="Split into a /24 for each rack.  [default: 10.61.0.0/16]")
@click.option("--network-v6", help="Split into a /64 for each rack: a second address for each host.  [default: none]")
@refusing
def up(name: str, **options: str | int | None) -> None:
    """Boot the hosts of a lab that are not up.

    Without options an existing lab keeps its size; it can grow while it is up.

    \b
    underlay lab up
    underlay lab up --workers 4                        two more
    underlay lab up --name other --network 10.71.0.0/16   a second lab
    """
    base = record.read(name) or Lab(name)
    lab = replace(base, **{option: value for option, value in options.items() if value is not None})  # type: ignore[arg-type]
    lifecycle.up(lab)
    _show(name)


@lab_group.command()
@refusing
def image() -> None:
    """Build the base image if it is missing, which takes half a minute; otherwise the first `up` builds it.

    \b
    underlay lab image
    """
    click.echo(lifecycle.prepare_image())


@lab_group.command()
@name_option
@click.option("--all", "everything", is_flag=True, help="Every lab on this machine.")
@refusing
def down(name: str, everything: bool) -> None:
    """Remove a lab: its hosts, their disks, its network. The base image is kept.

    \b
    underlay lab down
    underlay lab down --all
    """
    labs = lifecycle.names() if everything else [name]
    for lab in labs:
        click.echo(f"lab {lab} is down" if lifecycle.down(lab) else f"lab {lab} does not exist")
    if not labs:
        click.echo("no lab is up")


@lab_group.command()
@click.option("--name", help="Only this lab.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@refusing
def status(name: str | None, as_json: bool) -> None:
    """Show the hosts of every lab: up answers on SSH, silent runs but does not answer, off does not run.

    \b
    underlay lab status
    underlay lab status --json | jq '.lab[].address'
    """
    labs = [name] if name else lifecycle.names()
    if as_json:
        shown = {lab: [asdict(host) for host in lifecycle.status(lab)] for lab in labs}
        click.echo(json.dumps(shown, indent=2))
        return
    for lab in labs:
        _show(lab)
    if not labs:
        click.echo("no lab is up; boot one with `underlay lab up`")


@lab_group.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@name_option
@click.argument("node")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@refusing
def ssh(name: str, node: str, command: tuple[str, ...]) -> None:
    """Log in to a host, or run a command on it, with the lab's key.

    \b
    underlay lab ssh cp-1
    underlay lab ssh w-2 journalctl -u kubelet -n 20
    """
    lab = record.read(name)
    if lab is None:
        raise LabError(f"lab {name}: not up; run `underlay lab up --name {name}`")
    host = lab.node(node)
    if not installed("ssh"):
        raise missing("ssh")
    sys.stdout.flush()
    os.execvp("ssh", lab_ssh.command(name, host.address, *command))  # noqa: S606


def _show(name: str) -> None:
    hosts = lifecycle.status(name)
    for host in hosts:
        click.echo(f"{name}  {host.name:<6} {host.rack:<7} {host.address:<15} {host.state}")
    if not hosts:
        click.echo(f"lab {name} has no hosts; boot it with `underlay lab up --name {name}`")
