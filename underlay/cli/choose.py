"""`underlay choose`: the best network for a site, and why not another."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import click

from underlay.catalog.recommendation import choose, relaxed, site_of
from underlay.catalog.sample_inventory import answers_of
from underlay.catalog.site import Addresses, Encrypted, Fabric, SiteAnswers, plain_answers

from .choose_prompt import asked_of_a_person, is_conversation
from .choose_text import as_text, chosen
from .errors import Refused
from .kernel_option import KERNEL
from .proofs import proofs

# Larger shapes tell nothing that this does not.
NODES = 5000


@click.command("choose", short_help="Recommend a network for your site.")
@click.option("--policies/--no-policies", default=None, help="Pods need NetworkPolicies.")
@click.option("--encryption", type=click.Choice([e.value for e in Encrypted]), help="Encrypted between nodes, by what.")
@click.option("--fabric", type=click.Choice([f.value for f in Fabric]), help="What is between the nodes; see above.")
@click.option("--overlay/--no-overlay", default=None, help="Packets may be put into an overlay.")
@click.option("--addresses", type=click.Choice([a.value for a in Addresses]), help="What pods have.")
@click.option("--egress/--no-egress", default=None, help="Pods leave the cluster from fixed addresses.")
@click.option("--clusters/--no-clusters", default=None, help="One of several clusters whose pods reach one another.")
@click.option("--nodes", type=click.IntRange(1, NODES), metavar="N", help="How many there will be.")
@click.option("--kernel", type=KERNEL, help="Of the oldest node, as uname -r says it.")
@click.option("--path-mtu", type=click.IntRange(1280, 65535), metavar="BYTES", help="Largest packet between two nodes.")
@click.option("--inventory", type=click.Path(), metavar="FILE", help="Read from it: nodes, racks, BGP, addresses, MTU.")
@click.option("--ask-hosts", is_flag=True, help="With --inventory: ask its hosts for their kernels and modules.")
@click.option("--json", "as_json", is_flag=True, help="Print the choice as JSON; asks nothing.")
def choose_command(inventory: str | None, ask_hosts: bool, as_json: bool, **options: Any) -> None:
    """Recommend a network for your site, with the runner-up, why, what rules each other one out, and what to paste.

    What you do not say by an option is asked, or, where nobody can answer (no terminal, or --json), assumed: no
    demands, routed racks, ten nodes, Linux 6.1. What was assumed is told.

    \b
    Between the nodes:
      flat    one L2 segment
      bgp     racks whose routers speak BGP with the nodes
      routed  racks whose routers know nothing of pods
      aws, gce, azure, cloud
    \b
    underlay choose
    underlay choose --policies --encryption wireguard --fabric routed --nodes 40 --kernel 5.15
    underlay choose --inventory inventories/bare_metal.py --policies --ask-hosts
    underlay choose --fabric flat --json | jq -r .best.mode
    """
    given = {name: value for name, value in options.items() if value is not None}
    real, known = None, SiteAnswers()
    missing: dict[str, str] = {}
    if ask_hosts and not inventory:
        raise click.UsageError("--ask-hosts goes with --inventory")
    if inventory:
        from .choose_inventory import asked_of_hosts, read  # noqa: PLC0415

        real = read(inventory)
        known = answers_of(real, known)
        given = {**_of_the_inventory(known), **given}
        if ask_hosts:
            kernel, missing = asked_of_hosts(inventory, real)
            given = {"kernel": kernel, **given}
    if not as_json and is_conversation():
        given = asked_of_a_person(given, known)
    answers = replace(known, **_typed(given))
    assumed = tuple(name for name in plain_answers(answers) if name not in given)
    site = site_of(answers, real=real, missing=missing)
    choice = choose(site, proofs())
    stated = frozenset({"bgp", "kube_proxy"}) if real else frozenset()
    if as_json:
        click.echo(json.dumps(chosen(choice, assumed=assumed, stated=stated), indent=1))
    else:
        click.echo(as_text(choice, assumed=assumed, stated=stated), nl=False)
    if not choice.fits:
        raise Refused(_nothing(relaxed(site, proofs())))


def _nothing(lifted: dict[str, str]) -> list[str]:
    would = "; ".join(f"{words} it would be {mode}" for words, mode in lifted.items())
    remedy = would or "lift two demands or more"
    return [f"choose: no network is all of that; {remedy}"]


def _of_the_inventory(known: SiteAnswers) -> dict[str, Any]:
    return {name: getattr(known, name) for name in ("fabric", "addresses", "nodes", "path_mtu")}


def _typed(given: dict[str, Any]) -> dict[str, Any]:
    """Words of the command line as what they stand for."""
    kinds = {"encryption": Encrypted, "fabric": Fabric, "addresses": Addresses}
    known = {field.name for field in fields(SiteAnswers)}
    return {name: kinds.get(name, lambda v: v)(value) for name, value in given.items() if name in known}
