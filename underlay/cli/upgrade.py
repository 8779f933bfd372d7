"""`underlay upgrade`: another version of Kubernetes on a running cluster."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import click

from .confirm import confirm
from .errors import Refused
from .inventory import connected, inventory_argument
from .stages import claim_hosts, deployed, going_on, verify_and_conclude

_REMEDY = "the upgrade has not ended; mend what is named and run the same command again: it goes on where it was"


@click.command("upgrade")
@inventory_argument
@click.option("--plan", "only_plan", is_flag=True, help="Show what would be done, and change nothing.")
@click.option("--unverified", is_flag=True, help="Upgrade the cluster although it is not verified as it is now.")
@click.option("--removed-apis", is_flag=True, help="Upgrade although APIs are in use that the new version removes.")
@click.option("-y", "--yes", is_flag=True, help="Upgrade without confirmation.")
def upgrade_command(inventory: str, only_plan: bool, unverified: bool, removed_apis: bool, yes: bool) -> None:
    """Give a running cluster the version of Kubernetes that the inventory has now, with its etcd and CoreDNS.

    What will be done is shown first. The cluster is verified, etcd's data is kept in backups/, and all nodes get the
    images. Then one control-plane host after the other is drained and upgraded by the new kubeadm, then the workers, in
    the order and with the bounds of `rollout`; each is verified before the next one's turn. The whole is verified last.

    Versions follow one another by one minor at most, and never back. An upgrade that was interrupted is finished by the
    same command; until then a deploy is refused.

    \b
    Exit status: 0 the cluster has the version and is verified, 1 an error; with --plan 2 if it has another.
    Examples:  underlay upgrade inventories/lab.py --plan
               underlay upgrade inventories/lab.py
    """
    from underlay.run.claim import Purpose, begin_as  # noqa: PLC0415

    os.environ["UNDERLAY_LAB_BOOT"] = "no"
    begin_as(Purpose.UPGRADE)
    began = time.monotonic()
    with connected(inventory) as state:
        from underlay.run.run import current_run  # noqa: PLC0415
        from underlay.run.upgrade_cluster import begin_upgrade, planned_upgrade  # noqa: PLC0415

        upgrade, run = planned_upgrade(state), current_run()
        cluster = run.spec.cluster.name
        if not upgrade.is_needed:
            click.echo(f"{cluster}: has {upgrade.to} already; underlay deploy changes the rest")
            return
        click.echo("\n".join(upgrade.lines))
        if only_plan:
            sys.exit(2)
        if upgrade.removed and not removed_apis:
            raise Refused(["move what uses these APIs to newer ones first, or upgrade all the same: --removed-apis"])
        if not yes:
            confirm(f"Upgrade {cluster}?", unattended="upgrade: upgrades a running cluster")
        if not upgrade.resumed and not unverified:
            _verify_old(run, state, upgrade.was)
        claim_hosts(inventory)
        with going_on(_REMEDY):
            begin_upgrade(state, say=_say)
    if not deployed(inventory, {}):
        raise Refused([_REMEDY])
    with connected(inventory) as state:
        from underlay.run.upgrade_cluster import conclude  # noqa: PLC0415

        _say("verifying the cluster")
        verify_and_conclude(
            state, conclude, what=lambda run: run.spec.cluster.kubernetes_version, began=began, remedy=_REMEDY
        )


def _verify_old(run: Any, state: Any, version: str) -> None:
    from underlay.run.live_tests import run_checks  # noqa: PLC0415

    _say("verifying the cluster as it is")
    if failed := run_checks(run, state, version=version):
        raise Refused(["the cluster is not verified as it is; mend it, or upgrade it as it is: --unverified", *failed])


def _say(text: str) -> None:
    click.echo(f"upgrade: {text}", err=True)
