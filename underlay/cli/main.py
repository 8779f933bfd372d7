"""The command `underlay`: the commands that pyinfra's own has no place for."""

from __future__ import annotations

import sys

import click

from underlay import __version__
from underlay.encoding import prepare_streams

from .commands import Commands
from .errors import Refused, is_fixable
from .start import start_sooner


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
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


def main() -> None:
    """Run the command; each error that a user can fix is one line."""
    start_sooner()
    prepare_streams()
    try:
        cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("underlay: interrupted; run the same command again to continue", err=True)
        sys.exit(130)
    except Exception as error:
        if not is_fixable(error):
            raise
        Refused(str(error).splitlines()).show()
        sys.exit(1)


if __name__ == "__main__":
    main()
