"""Mode flannel-host-gw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from underlay.model.capture import Wire, pods_in_the_clear
from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.difference import member_difference
from underlay.model.footprint import Traces
from underlay.model.node import Node
from underlay.model.prerequisites import Port
from underlay.model.routes import Routes
from underlay.model.traits import Reach, Traits
from underlay.networks.pod_routes import routes_to_pods
from underlay.networks.pod_subnet import PROTOCOL
from underlay.networks.racks import racks_without_routers

from .flannel import OVERLAYS, Flannel
from .routes import ROUTES, neighbours, others, pod_routes


class FlannelHostGw(Flannel):
    """Plain routes from node to node, no overlay: the fastest mode of Flannel.

    Flannel's own routes reach the nodes of one L2 segment: a router in between has no pod routes and drops pods'
    packets. With `routes` = "bgp" FRR announces the subnets to the routers of racks, and nodes of other racks are
    reached through them.
    """

    data_path = "plain IP, one hop between nodes"
    families: ClassVar[tuple[int, ...]] = (4, 6)
    registered: ClassVar[str] = "host-gw"

    def problems(self, cluster: Cluster) -> list[str]:
        return [*super().problems(cluster), *_across(cluster)]

    @property
    def routes(self) -> tuple[Routes, ...]:
        return (Routes.PLUGIN, Routes.BGP)

    @property
    def traits(self) -> Traits:
        return replace(super().traits, reach=Reach.SEGMENT)

    def wire(self, cluster: Cluster, one: Node, other: Node) -> Wire:
        return Wire(shows=pods_in_the_clear(cluster), never=OVERLAYS)

    @property
    def needs_one_segment(self) -> bool:
        return True

    def backend(self, cluster: Cluster) -> dict[str, Any]:
        return {"Type": "host-gw"}

    def traces(self) -> Traces:
        # With routes by BGP, the agent keeps the node's own subnet, and FRR installs those of other racks.
        return replace(super().traces(), route_protocols=(PROTOCOL, "bgp"))

    def gateways(self, cluster: Cluster, node: Node) -> set[str]:
        near = {n.rack for n in cluster.nodes} if cluster.routes is Routes.PLUGIN else {node.rack}
        return {gateway for rack in near for gateway in neighbours(cluster, node, rack)}

    def is_own_route(self, cluster: Cluster, node: Node, route: Mapping[str, Any]) -> bool:
        by_bgp = cluster.routes is Routes.BGP and route.get("protocol") in (PROTOCOL, "bgp")
        return by_bgp or super().is_own_route(cluster, node, route)

    def ports(self, cluster: Cluster) -> tuple[Port, ...]:
        if cluster.routes is not Routes.BGP:
            return ()
        return (Port("tcp", 179, "BGP"), *((Port("udp", 3784, "BFD"),) if cluster.bgp and cluster.bgp.bfd else ()))

    def checks(self, cluster: Cluster) -> list[Check]:
        checks = super().checks(cluster)
        for version in cluster.families:
            name = "routes to the pods of other nodes" if version == 4 else "IPv6 routes to the pods of other nodes"
            for node in cluster.nodes:
                judge = partial(_judge_routes, cluster, node, version)
                checks.append(Check(name, node.name, ROUTES[version], judge))
        return checks


def _across(cluster: Cluster) -> Iterator[str]:
    """Why nodes would not reach one another's pods, or FRR would not announce them."""
    racks = ", ".join(cluster.racks)
    if cluster.routes is Routes.PLUGIN and len(cluster.racks) > 1:
        yield (
            "network.mode: flannel-host-gw does not cross racks, whose routers have no pod routes (the nodes are in "
            f'{racks}); use flannel-vxlan with direct_routing, one rack, or routes = "bgp"'
        )
    if cluster.routes is not Routes.BGP:
        return
    if 6 in cluster.families:
        yield 'routes: FRR announces IPv4 subnets only; remove the IPv6 subnets, or set routes = "plugin"'
    yield from racks_without_routers(cluster)


def _judge_routes(cluster: Cluster, node: Node, version: int, output: str) -> str | None:
    """Nodes of the segment by their own addresses, from any source; nodes of other racks through a router, by BGP."""
    every = others(cluster, node, version)
    near = others(cluster, node, version, rack=node.rack) if cluster.routes is Routes.BGP else every
    learned = [r for r in routes_to_pods(output, cluster, version) if r.get("protocol") == "bgp"]
    far = [r for r in learned if cluster.routes is Routes.BGP and r.get("gateway") not in near]
    gateways = {r["gateway"] for r in pod_routes(output, cluster, version) if r not in far}
    if wrong := member_difference(gateways, near):
        return f"gateways of pod routes: {wrong}"
    across = len(every) - len(near)
    return None if len(far) == across else f"{len(far)} pod routes by BGP to other racks, expected {across}"
