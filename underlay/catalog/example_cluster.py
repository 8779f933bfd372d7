"""The example cluster of each mode: two racks with a router each where the mode supports it, else less."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from ipaddress import IPv4Address, IPv4Network

from underlay.model.addon import Chart
from underlay.model.bgp import Bgp, Router
from underlay.model.cluster import Cluster
from underlay.model.node import Node, Role
from underlay.networks.network import Network
from underlay.networks.registry import modes


@cache
def example_of(mode: str) -> tuple[Network, Cluster]:
    """The mode with its example settings, and an IPv4 cluster with a path MTU of 1500 that it supports."""
    kind = modes()[mode]
    network = kind.model_validate(kind.example())
    clusters = list(_clusters(network))
    return network, next((c for c in clusters if not network.problems(c)), clusters[-1])


def charts() -> tuple[Chart, ...]:
    """The Helm charts that modes are installed by, in their default versions, each once: to pin, and to bundle."""
    addons = (network.addon(cluster) for network, cluster in map(example_of, modes()))
    return tuple(dict.fromkeys(release.chart for addon in addons for release in addon.releases))


def _clusters(network: Network) -> Iterator[Cluster]:
    for racks in (("rack-1", "rack-2"), ("rack-1",)):
        for bgp in (None, _bgp(racks)):
            yield replace(_cluster(racks), bgp=bgp, routes=network.routes[0])


def _cluster(racks: tuple[str, ...]) -> Cluster:
    nodes = tuple(
        Node(name, IPv4Address(f"192.0.2.{10 + number}"), role, racks[number % len(racks)])
        for number, (name, role) in enumerate(
            (("cp-1", Role.CONTROL_PLANE), ("w-1", Role.WORKER), ("w-2", Role.WORKER))
        )
    )
    return Cluster(
        name="example",
        kubernetes_version="v1.37.2",
        nodes=nodes,
        pod_subnet=IPv4Network("10.244.0.0/16"),
        service_subnet=IPv4Network("10.96.0.0/16"),
        control_plane_endpoint=f"{nodes[0].address}:6443",
    )


def _bgp(racks: tuple[str, ...]) -> Bgp:
    routers = (Router(f"tor-{i}", IPv4Address(f"192.0.2.{i}"), 64600 + i, rack) for i, rack in enumerate(racks, 1))
    return Bgp(as_numbers={rack: 64512 + i for i, rack in enumerate(racks, 1)}, routers=tuple(routers))
