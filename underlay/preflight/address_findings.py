"""Findings about a host's addresses and routes: the node's own, and those that pod and Service subnets overlap."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any

from underlay.findings.finding import Problems
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.model.routes import Routes
from underlay.networks.network import Network
from underlay.plan.host_questions import HostAnswers
from underlay.plan.membership import Standing, standing, was_ours
from underlay.resources.answer import Answered

from .left_links import left_links, removal
from .links import ip_objects, link_with, objects_of
from .routing_rules import is_first_in_main


def address_problems(
    cluster: Cluster, network: Network, node: Node, answers: HostAnswers, first: HostAnswers, *, path_stated: bool
) -> Problems:
    """What is wrong with the addresses and routes of a node.

    :param first: the answers of the first control-plane host.
    :param path_stated: whether the inventory states path_mtu, which the link then has to carry.
    """
    match answers["addresses"]:
        case Answered(line):
            link = link_with(line, node.address)
            if link is None:
                yield "address-missing", f"no link has the address {node.address}; correct the inventory's address"
            elif path_stated and link.mtu < cluster.path_mtu:
                mtu = f"MTU {link.mtu}, below path_mtu {cluster.path_mtu}"
                yield "link-mtu-small", f"link {link.name} has {mtu}; lower path_mtu or raise the link's"
            if node.address_v6 is not None and link_with(line, node.address_v6) is None:
                yield "address-missing", f"no link has the address_v6 {node.address_v6}; correct the inventory's"
            yield from _duplicates(node, line)
    place = standing(cluster, node, answers, first)
    if place not in (Standing.ABSENT, Standing.FOREIGN) or was_ours(cluster, answers):
        return
    left = left_links(cluster, network, node, answers)
    for name, subnet in _subnets(cluster):
        yield from _overlaps(name, subnet, answers, left)
    if network.needs_one_segment and cluster.routes is Routes.PLUGIN:
        yield from _routed(network, answers)


def _duplicates(node: Node, addresses: str) -> Problems:
    """Addresses of IPv6 that the kernel does not use, as another machine has answered for them."""
    for entry in (e for link in ip_objects(addresses) for e in link.get("addr_info", []) if e.get("dadfailed")):
        if "local" in entry and ip_address(entry["local"]) in node.addresses:
            claimed = f"another machine has answered for its address {entry['local']} (dadfailed)"
            yield "address-claimed", f"{claimed}; find that machine, and give it another address"


def links_in_the_way(cluster: Cluster, answers: HostAnswers) -> set[str]:
    """Links with addresses or routes inside the cluster's subnets."""
    return {way.link for _, subnet in _subnets(cluster) for way in _in_the_way(subnet, answers)}


def _overlaps(name: str, subnet: Any, answers: HostAnswers, left: Mapping[str, str]) -> Problems:
    named: set[str] = set()
    first_in_main = is_first_in_main(subnet, answers)
    for way in _in_the_way(subnet, answers):
        if way.link in left:
            # Its routes go with it.
            if way.link not in named:
                yield way.code, f"{name} {subnet} overlaps {way.what}, which {left[way.link]} left; {removal(way.link)}"
            named.add(way.link)
        elif way.table:
            if first_in_main(way.table):
                continue
            yield (
                way.code,
                f"{name} {subnet} overlaps {way.what} in table {way.table}, which its rules may look up before the "
                f"pods' own routes; `ip rule add to {subnet} lookup main priority 10` at every boot, take the subnet "
                f'out of what fills that table, or accept it: accepted = {{"{way.code}": REASON}}',
            )
        elif way.covers:
            yield (
                "subnet-inside-route",
                f"{name} {subnet} is inside {way.what}, as any other would be; nothing to do: narrower routes win",
            )
        else:
            yield way.code, f"{name} {subnet} overlaps {way.what}; choose another"


@dataclass(frozen=True)
class _Overlap:
    """What of a host overlaps a subnet; `table` of a route outside the main one; `covers` a route for everything."""

    code: str
    what: str
    link: str
    table: str = ""
    covers: bool = False


def _in_the_way(subnet: Any, answers: HostAnswers) -> Iterator[_Overlap]:
    for link in objects_of(answers["addresses"]):
        for entry in (e for e in link.get("addr_info", []) if "local" in e):
            address = ip_interface(f"{entry['local']}/{entry['prefixlen']}")
            if address.version == subnet.version and address.network.overlaps(subnet):
                yield _Overlap("subnet-overlaps-address", f"{address} on link {link['ifname']}", link["ifname"])
    for route in objects_of(answers["routes"]):
        if route.get("dst", "default") != "default" and "type" not in route:
            target = ip_network(route["dst"], strict=False)
            if target.version == subnet.version and target.overlaps(subnet) and route.get("protocol") != "kernel":
                link = route.get("dev", "?")
                yield _Overlap(
                    "subnet-overlaps-route",
                    f"the route {route['dst']} dev {link}",
                    link,
                    str(route.get("table", "")),
                    covers=target.prefixlen <= 1,
                )


def _routed(network: Network, answers: HostAnswers) -> Problems:
    match answers["peers"]:
        case Answered(line):
            routes = [r for text in line.split(" ") for r in ip_objects(text)]
        case _:
            return
    for route in routes:
        if "gateway" in route:
            yield (
                "segment-routed",
                f"{network.mode} needs all nodes on one segment, and {route['dst']} is behind the router "
                f"{route['gateway']}; use a mode with an overlay, or correct the hosts' routes",
            )


def _subnets(cluster: Cluster) -> Iterator[tuple[str, Any]]:
    for name in ("pod_subnet", "service_subnet", "pod_subnet_v6", "service_subnet_v6"):
        if (subnet := getattr(cluster, name)) is not None:
            yield name, subnet
