"""Findings about the address that a host's kernel sends from, where it is not the node's."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import ip_address

from underlay.findings.finding import Problems
from underlay.findings.host_sets import name_hosts
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.plan.host_questions import HostAnswers
from underlay.plan.membership import is_bare
from underlay.plan.surroundings import Address
from underlay.resources.answer import Answered

from .links import ip_objects, link_with


def _has(own: Collection[Address], source: str) -> bool:
    """Whether the host has the node's address of the same IP version."""
    return any(address.version == ip_address(source).version for address in own)


def source_problems(
    cluster: Cluster, node: Node, answers: HostAnswers, *, firewalled: Collection[str] = ()
) -> Problems:
    """Other nodes that the host sends to from an address that is not its node's.

    They work with it until a firewall tells nodes by their addresses: the deploy opens for those of the inventory.
    """
    if not is_bare(answers):
        return
    peers = {str(address): other.name for other in cluster.nodes if other != node for address in other.addresses}
    addresses = answers["addresses"]
    # Of an address that the host does not have there is a finding already, and no route could have it.
    own = [a for a in node.addresses if isinstance(addresses, Answered) and link_with(addresses.line, a)]
    found: dict[str, list[str]] = {}
    match answers["peers"]:
        case Answered(line):
            for route in (r for text in line.split(" ") for r in ip_objects(text)):
                source, to = route.get("prefsrc"), peers.get(str(route.get("dst")))
                if source and to and ip_address(source) not in node.addresses and _has(own, source):
                    found.setdefault(str(source), []).append(to)
    for source, names in found.items():
        mine = next((a for a in node.addresses if a.version == ip_address(source).version), node.address)
        sends = f"it sends to {name_hosts(names)} from {source}, not from the node's address {mine}"
        remedy = f"set src {mine} on that route, or give the inventory {source}"
        if shut := sorted(set(names) & set(firewalled)):
            yield "source-shut", f"{sends}, and the firewall of {name_hosts(shut)} is opened for {mine}; {remedy}"
        else:
            yield "source-other", f"{sends}; {remedy}"
