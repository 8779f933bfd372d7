"""`underlay init`: a project to start from."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from .project_directory import create_project, project_files


@click.command("init", short_help="Create a project to start from.")
@click.argument("directory", type=click.Path(path_type=Path), metavar="DIR")
def init_command(directory: Path) -> None:
    """Create a project in DIR: inventories to edit, and the deploy as a pyinfra project that is yours to change.

    \b
    deploy.py       the phases of a deploy, in order
    reset.py        the way back
    tasks/          one file for each phase
    config.py       has pyinfra refuse a bad inventory before it contacts a host
    inventories/    bare_metal.py: an example to put your hosts in
                    lab.py, lab_bgp.py: clusters on this machine, without any other host
                    vagrant.py: virtual machines, made by Vagrant
    Vagrantfile, vagrant.json   these machines
    group_data/     what all inventories share
    .gitignore      keeps kubeconfigs, reports and secrets out of the repository

    Every other command runs inside DIR. DIR may exist and hold other files; none is overwritten: where one of these
    names is taken, nothing is written and each such file is listed. To compare with a newer release, create a second
    project beside the first: diff -r DIR OTHER.

    \b
    Exit status: 0 created, 1 refused.
    Examples:  underlay init site
               underlay init .
    """
    files = project_files()
    create_project(directory, files)
    click.echo(f"{directory}: {_summary(files)}")
    click.echo("next:")
    steps = _next(directory)
    width = max(len(command) for command, _ in steps)
    for command, purpose in steps:
        click.echo(f"  {command.ljust(width)}  # {purpose}")
    click.echo("or, without any host, as root, a cluster in a lab on this machine:")
    click.echo("  underlay bundle --prefill && underlay deploy inventories/lab.py")


def _summary(files: dict[str, bytes]) -> str:
    """`deploy.py, tasks/ (11 files)`: folders in short, but for inventories, which are what a user edits."""
    folders: dict[str, list[str]] = {}
    for path in files:
        folder, _, name = path.rpartition("/")
        folders.setdefault(folder, []).append(name)
    top = folders.pop("")
    folders = {f: names if len(names) <= 4 else [f"{len(names)} files"] for f, names in folders.items()}
    return ", ".join([*top, *(f"{folder}/ ({', '.join(names)})" for folder, names in folders.items())])


def _next(directory: Path) -> list[tuple[str, str]]:
    inventory = "inventories/bare_metal.py"
    return [
        (f"cd {shlex.quote(str(directory))}", "put your hosts into inventories/bare_metal.py"),
        (f"underlay choose --inventory {inventory}", "which network suits them, and why"),
        (f"underlay render {inventory} --to rendered", "what a deploy would install, as files to review"),
    ]
