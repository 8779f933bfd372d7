"""`underlay choose`: recommends a network for a site, with reasons."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import click

from underlay.catalog.recommendation import choose, relaxed, site_of
from underlay.catalog.sample_inventory import answers_of
from underlay.catalog.site import Addresses, Encrypted, Fabric, SiteAnswers, plain_answers

from .choose_prompt import is_interactive, prompt_for_rest
from .choose_text import as_text, chosen
from .errors import Refused
from .kernel_option import KERNEL
from .proofs import proofs

# Larger clusters lead to the same recommendations.
NODES = 5000


@click.command("choose", short_help="Recommend a network for your site.")
@click.option("--policies/--no-policies", default=None, help="Enforce NetworkPolicies.")
@click.option("--encryption", type=click.Choice([e.value for e in Encrypted]), help="Encryption between nodes.")
@click.option("--fabric", type=click.Choice([f.value for f in Fabric]), help="What connects the nodes; see above.")
@click.option("--overlay/--no-overlay", default=None, help="Allow an overlay.")
@click.option("--addresses", type=click.Choice([a.value for a in Addresses]), help="IP versions of pods.")
@click.option("--egress/--no-egress", default=None, help="Pods leave the cluster from fixed addresses.")
@click.option("--clusters/--no-clusters", default=None, help="Connect pods of several clusters.")
@click.option("--nodes", type=click.IntRange(1, NODES), metavar="N", help="Number of nodes.")
@click.option("--kernel", type=KERNEL, help="Kernel of the oldest node, as in uname -r.")
@click.option("--path-mtu", type=click.IntRange(1280, 65535), metavar="BYTES", help="Largest packet between two nodes.")
@click.option(
    "--inventory", type=click.Path(), metavar="FILE", help="Read nodes, racks, BGP, addresses and MTU from FILE."
)
@click.option("--ask-hosts", is_flag=True, help="With --inventory: query its hosts for kernels and modules.")
@click.option("--json", "as_json", is_flag=True, help="Print the choice as JSON, without prompts.")
def choose_command(inventory: str | None, ask_hosts: bool, as_json: bool, **options: Any) -> None:
    """Recommend a network for your site: the best and the runner-up with reasons, the lines for the inventory, and
    what rules out every other one.

    What no option states is prompted for; without a terminal, or with --json, it is assumed: no requirements, routed
    racks, ten nodes, Linux 6.1. Assumptions are printed.

    \b
    Between the nodes:
      flat    one L2 segment
      bgp     racks whose routers speak BGP with the nodes
      routed  racks whose routers have no routes to pods
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
        raise click.UsageError("--ask-hosts requires --inventory")
    if inventory:
        from .choose_inventory import query_hosts, read  # noqa: PLC0415

        real = read(inventory)
        known = answers_of(real, known)
        given = {**_of_the_inventory(known), **given}
        if ask_hosts:
            kernel, missing = query_hosts(inventory, real)
            given = {"kernel": kernel, **given}
    if not as_json and is_interactive():
        given = prompt_for_rest(given, known)
    answers = replace(known, **_parsed(given))
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
    remedy = would or "drop two requirements or more"
    return [f"choose: no network meets all requirements; {remedy}"]


def _of_the_inventory(known: SiteAnswers) -> dict[str, Any]:
    return {name: getattr(known, name) for name in ("fabric", "addresses", "nodes", "path_mtu")}


def _parsed(given: dict[str, Any]) -> dict[str, Any]:
    """Values of the command line as the types of SiteAnswers."""
    kinds = {"encryption": Encrypted, "fabric": Fabric, "addresses": Addresses}
    known = {field.name for field in fields(SiteAnswers)}
    return {name: kinds.get(name, lambda v: v)(value) for name, value in given.items() if name in known}
