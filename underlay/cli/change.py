"""`underlay change`: another network on a running cluster."""

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

_REMEDY = "the change has not ended; mend what is named and run again, or take it back: underlay change --back"


@click.command("change")
@inventory_argument
@click.option("--plan", "only_plan", is_flag=True, help="Show what would be done, and change nothing.")
@click.option("--back", is_flag=True, help="Take an unfinished change back: to the network that the cluster had.")
@click.option("--unverified", is_flag=True, help="Change the network although it is not verified as it is now.")
@click.option("-y", "--yes", is_flag=True, help="Change without confirmation.")
def change_command(inventory: str, only_plan: bool, back: bool, unverified: bool, yes: bool) -> None:
    """Give a running cluster the network that the inventory names now: another mode, or other settings of its mode.

    The cluster's record names the network that it has. What will be done is shown first: how pods are taken over, what
    each host gets and loses, what the new network does not do. The old network is verified, then the hosts are made
    ready for both, the new one is deployed beside the old one, what is left of the old one is removed, and the new one
    is verified. The record changes last.

    A change that was interrupted is finished by the same command, or taken back with --back. Until then a deploy is
    refused. Between networks with the same bridge on nodes (all modes of Flannel, and routed) pods keep running, with
    their links and addresses.

    \b
    Exit status: 0 the network is the one of the inventory and verified, 1 an error; with --plan 2 if it is another.
    Examples:  underlay change inventories/lab.py --plan
               underlay change inventories/lab.py
               underlay change inventories/lab.py --back
    """
    from underlay.run.claim import Purpose, begin_as  # noqa: PLC0415

    os.environ["UNDERLAY_LAB_BOOT"] = "no"
    begin_as(Purpose.CHANGE)
    began = time.monotonic()
    known, instead = _direction(inventory, back=back)
    old = _old(inventory, known)
    with connected(inventory, instead=instead) as state:
        from underlay.change.change_record import is_same  # noqa: PLC0415
        from underlay.run.change_network import planned_change  # noqa: PLC0415
        from underlay.run.run import current_run  # noqa: PLC0415

        cluster = current_run().spec.cluster.name
        if known.to is None and is_same(known.was, current_run().spec):
            click.echo(f"{cluster}: the network is the one of the inventory; underlay deploy changes the rest")
            return
        change = planned_change(state, known, old)
    click.echo("\n".join(change.plan.lines))
    if only_plan:
        sys.exit(2)
    if not yes:
        confirm(f"Change the network of {cluster}?", unattended="change: changes the network of a running cluster")
    if known.to is None and not unverified:
        _verify_old(inventory, known)
    with connected(inventory, instead=instead) as state:
        from underlay.run.change_network import begin_change  # noqa: PLC0415

        claim_hosts(inventory)
        with going_on(_REMEDY):
            begin_change(state, change, say=_say)
    _say("deploying the new network beside the old one")
    if not deployed(inventory, instead):
        raise Refused(
            ["the new network is not deployed; mend it and run again, or take it back: underlay change --back"]
        )
    with connected(inventory, instead=instead) as state:
        from underlay.run.change_network import conclude, end_change  # noqa: PLC0415

        claim_hosts(inventory)
        _say("removing what is left of the old network")
        with going_on(_REMEDY):
            end_change(state, change.plan.old, say=_say)
        _say("verifying the new network")
        verify_and_conclude(state, conclude, what=lambda run: run.spec.network.mode, began=began, remedy=_REMEDY)


def _direction(inventory: str, *, back: bool) -> tuple[Any, dict[str, Any]]:
    """From what network to what, and the variables with which to read the inventory for it.

    An inventory that has the old network again takes an unfinished change back, too.
    """
    from underlay.change.change_record import ChangeRecord, has_secrets, is_same  # noqa: PLC0415

    with connected(inventory) as state:
        from underlay.run.change_network import recorded_change  # noqa: PLC0415
        from underlay.run.run import current_run  # noqa: PLC0415

        known, declared = recorded_change(state), current_run().spec
    if known.to is None:
        if back:
            raise Refused(["no change is at work; name the network that you want in the inventory: underlay change"])
        return known, {}
    turned = ChangeRecord(known.to, known.was)
    if is_same(known.was, declared):
        return turned, {}
    if back and has_secrets(known.was):
        what = "the network that the cluster had has a key, which no record has"
        raise Refused([f"{what}; name that network in the inventory, and run: underlay change"])
    if back:
        return turned, {**known.was}
    if not is_same(known.to, declared):
        to = known.to["network"]["mode"]
        raise Refused(
            [f"a change to {to} has not ended; finish it with {to} in the inventory, or take it back: --back"]
        )
    return known, {}


def _old(inventory: str, known: Any) -> Any:
    """The inventory with the cluster's network."""
    from underlay.change.change_record import with_stand_ins  # noqa: PLC0415
    from underlay.inventory.errors import InvalidInventory  # noqa: PLC0415
    from underlay.run.read_inventory import load, read_declared  # noqa: PLC0415

    try:
        return read_declared(load(inventory), instead=with_stand_ins(known.was))
    except InvalidInventory as error:
        mode = known.was["network"].get("mode")
        why = f"{inventory} has to be valid with the network that the cluster has ({mode}), until the change has ended"
        raise InvalidInventory([f"{problem}; {why}" for problem in error.problems]) from None


def _verify_old(inventory: str, known: Any) -> None:
    from underlay.change.change_record import with_stand_ins  # noqa: PLC0415

    with connected(inventory, instead=with_stand_ins(known.was)) as state:
        from underlay.run.live_tests import run_checks  # noqa: PLC0415
        from underlay.run.run import current_run  # noqa: PLC0415

        _say("verifying the old network")
        failed = run_checks(current_run(), state)
    if failed:
        raise Refused(["the network is not verified as it is; mend it, or change it as it is: --unverified", *failed])


def _say(text: str) -> None:
    click.echo(f"change: {text}", err=True)
