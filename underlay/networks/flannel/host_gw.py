"""Mode flannel-host-gw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from underlay.model.capture import Wire, pods_in_the_clear
from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.footprint import Traces
from underlay.model.node import Node
from underlay.model.prerequisites import Port
from underlay.model.routes import Routes
from underlay.model.traits import Reach, Traits
from underlay.networks.pod_routes import routes_to_pods
from underlay.networks.pod_subnet import PROTOCOL

from .flannel import OVERLAYS, Flannel
from .routes import ROUTES, others, pod_routes


class FlannelHostGw(Flannel):
    """Plain routes from node to node, no overlay: the fastest there is.

    Flannel's own routes reach the nodes on one L2 segment: a router between them knows nothing of pods and drops their
    packets. With `routes` = "bgp" FRR tells the routers of racks, and nodes of other racks are reached through those.
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
        # With routes by BGP a node's own subnet is held by the agent, and those of other racks are FRR's.
        return replace(super().traces(), route_protocols=(PROTOCOL, "bgp"))

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
    """Why nodes would not reach one another's pods, or FRR would not know what to tell."""
    racks = ", ".join(cluster.racks)
    if cluster.routes is Routes.PLUGIN and len(cluster.racks) > 1:
        yield (
            f"network.mode: flannel-host-gw cannot cross racks (the nodes are in {racks}; the routers between racks "
            'know no pod routes); use flannel-vxlan with direct_routing, one rack, or routes = "bgp"'
        )
    if cluster.routes is not Routes.BGP:
        return
    if 6 in cluster.families:
        yield "routes: BGP tells of IPv4 subnets only; leave the IPv6 subnets out, or the routes to the plugin"
    without = [rack for rack in cluster.racks if not (cluster.bgp and cluster.bgp.routers_of(rack))]
    if without:
        yield (
            f'routes: with "bgp" the routers of racks tell one another of pods ({racks}), and '
            f"{', '.join(without)} has none; put one in the group routers, or in bgp.peers"
        )


def _judge_routes(cluster: Cluster, node: Node, version: int, output: str) -> str | None:
    """Nodes of the segment by their own addresses, whoever told; nodes of other racks through a router, as BGP told."""
    every = others(cluster, node, version)
    near = others(cluster, node, version, rack=node.rack) if cluster.routes is Routes.BGP else every
    told = [r for r in routes_to_pods(output, cluster, version) if r.get("protocol") == "bgp"]
    far = [r for r in told if cluster.routes is Routes.BGP and r.get("gateway") not in near]
    seen = {r["gateway"] for r in pod_routes(output, cluster, version) if r not in far}
    if seen != near:
        return f"pod routes lead through {sorted(seen)}, not {sorted(near)}"
    across = len(every) - len(near)
    return None if len(far) == across else f"{len(far)} pod routes by BGP to other racks, not {across}"
