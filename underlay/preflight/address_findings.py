"""Findings about a host's addresses and routes: the node's own, and those that pod and Service subnets overlap."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_interface, ip_network
from typing import Any

from underlay.findings.finding import Problems
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.model.routes import Routes
from underlay.networks.network import Network
from underlay.plan.host_questions import HostAnswers, is_member, is_started
from underlay.resources.answer import Answer, Answered, Unknown

from .links import ip_objects, link_with


def address_problems(
    cluster: Cluster, network: Network, node: Node, answers: HostAnswers, *, path_stated: bool
) -> Problems:
    """What is wrong with the addresses and routes of a node.

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
    if isinstance(answers["member"], Unknown) or is_member(cluster, answers) or is_started(cluster, answers):
        return
    for name, subnet in _subnets(cluster):
        yield from _overlaps(name, subnet, answers)
    if network.needs_one_segment and cluster.routes is Routes.PLUGIN:
        yield from _routed(network, answers)


def _overlaps(name: str, subnet: Any, answers: HostAnswers) -> Problems:
    for link in _objects(answers["addresses"]):
        for entry in (e for e in link.get("addr_info", []) if "local" in e):
            address = ip_interface(f"{entry['local']}/{entry['prefixlen']}")
            if address.version == subnet.version and address.network.overlaps(subnet):
                yield (
                    "subnet-overlaps-address",
                    f"{name} {subnet} overlaps {address} on link {link['ifname']}; choose another",
                )
    for route in _objects(answers["routes"]):
        if route.get("dst", "default") != "default" and "type" not in route:
            target = ip_network(route["dst"], strict=False)
            if target.version == subnet.version and target.overlaps(subnet) and route.get("protocol") != "kernel":
                where = f"{route['dst']} dev {route.get('dev', '?')}"
                yield "subnet-overlaps-route", f"{name} {subnet} overlaps the route {where}; choose another"


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


def _objects(answer: Answer) -> list[dict[str, Any]]:
    """The objects of an answer; of one that was not given, none."""
    return ip_objects(answer.line) if isinstance(answer, Answered) else []


def _subnets(cluster: Cluster) -> Iterator[tuple[str, Any]]:
    for name in ("pod_subnet", "service_subnet", "pod_subnet_v6", "service_subnet_v6"):
        if (subnet := getattr(cluster, name)) is not None:
            yield name, subnet
