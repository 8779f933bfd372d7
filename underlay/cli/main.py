"""The command `underlay`: what pyinfra's own command cannot carry."""

from __future__ import annotations

import sys

import click

from underlay import __version__
from underlay.artifacts.error import ArtifactError
from underlay.inventory.errors import InvalidInventory
from underlay.lab.model.errors import LabError

from .bgp import bgp_command
from .bundle import bundle_command
from .choose import choose_command
from .deploy import deploy_command
from .errors import Refused
from .init import init_command
from .kubectl import kubectl_command
from .lab import lab_group
from .networks import networks_command
from .plan import plan_command
from .preflight import preflight_command
from .render import render_command
from .report import report_group
from .verify import verify_command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="underlay")
def cli() -> None:
    """Bare Linux hosts into a Kubernetes cluster whose network is exactly the one asked for, and proven.

    \b
    An inventory names the hosts, their racks and the network:
      network = {"mode": NAME}, where NAME is one of those that underlay networks lists
    \b
    underlay init DIR                     a project to start from: inventories, deploy.py and its phases
    underlay networks                     every network there is, side by side
    underlay choose                       the best one for your site, and why not another
    underlay render inventories/lab.py --to DIR    what a deploy would lay down, for review
    underlay preflight inventories/lab.py whether hosts and wire are fit for the network; nothing is left on them
    underlay deploy inventories/lab.py    make it so, and verify it (the same as pyinfra -y INVENTORY deploy.py)
    underlay plan   inventories/lab.py    what would change, in sentences; nothing is touched
    underlay verify inventories/lab.py    whether the cluster is what the inventory says
    underlay report diff                  what changed since the verification before
    """


for command in (
    bgp_command,
    bundle_command,
    choose_command,
    deploy_command,
    init_command,
    kubectl_command,
    lab_group,
    networks_command,
    plan_command,
    preflight_command,
    render_command,
    report_group,
    verify_command,
):
    cli.add_command(command)


def main() -> None:
    """Run the command; errors a user can put right are one line each."""
    try:
        cli(standalone_mode=False)
    except (InvalidInventory, ArtifactError, LabError) as error:
        Refused(str(error).splitlines()).show()
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("underlay: stopped; run the same command again to go on", err=True)
        sys.exit(130)


if __name__ == "__main__":
    main()
