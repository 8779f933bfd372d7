"""The command `underlay`: the commands that pyinfra's own has no place for."""

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
    """Turn bare Linux hosts into a Kubernetes cluster whose pod network is exactly the one requested, and prove it.

    \b
    An inventory names the hosts, their racks and the network:
      network = {"mode": NAME}, with a NAME that underlay networks lists
    \b
    underlay init DIR                      create a project: inventories, deploy.py and its phases
    underlay networks                      compare all networks
    underlay choose                        recommend a network for your site, with reasons
    underlay render inventories/lab.py --to DIR   write what a deploy would install and apply, for review
    underlay preflight inventories/lab.py  check that the hosts, and the network between them, are fit
    underlay deploy inventories/lab.py     deploy and verify (the same as pyinfra -y INVENTORY deploy.py)
    underlay plan inventories/lab.py       show what a deploy would change
    underlay verify inventories/lab.py     check the cluster against its inventory
    underlay report diff                   show what changed since the previous verification
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
    """Run the command; each error that a user can fix is one line."""
    try:
        cli(standalone_mode=False)
    except (InvalidInventory, ArtifactError, LabError) as error:
        Refused(str(error).splitlines()).show()
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("underlay: interrupted; run the same command again to continue", err=True)
        sys.exit(130)


if __name__ == "__main__":
    main()
