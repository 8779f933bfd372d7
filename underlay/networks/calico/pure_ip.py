"""Mode calico-pure-ip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from underlay.model.cluster import Cluster
from underlay.model.routes import Routes
from underlay.model.traits import Reach, Traits
from underlay.networks.racks import racks_without_routers

from .calico import Calico
from .problems import mesh_problems


class CalicoPureIp(Calico):
    """Plain routes from node to node, no overlay, from a full mesh of BGP sessions.

    Line rate, for nodes of one L2 segment: a router in between has no pod routes and drops pods' packets. Across racks,
    calico-bgp announces pods to the routers; or `routes` sets another source of routes ("bgp", "static", "cloud"), with
    which pods have addresses of their node's podCIDR instead of Calico's blocks.
    """

    data_path = "plain IP, one hop between nodes"

    @property
    def needs_one_segment(self) -> bool:
        return True

    @property
    def routes(self) -> tuple[Routes, ...]:
        return (Routes.PLUGIN, Routes.BGP, Routes.STATIC, Routes.CLOUD)

    @property
    def traits(self) -> Traits:
        return replace(super().traits, reach=Reach.SEGMENT)

    def host_local(self, cluster: Cluster) -> bool:
        return cluster.routes is not Routes.PLUGIN

    def own_problems(self, cluster: Cluster) -> Iterator[str]:
        if cluster.routes is Routes.PLUGIN:
            yield from mesh_problems(self, cluster)
        if len(cluster.racks) > 1:
            yield from _across(cluster)


def _across(cluster: Cluster) -> Iterator[str]:
    """Why the routers between racks would have no pod routes."""
    racks = ", ".join(cluster.racks)
    if cluster.routes is Routes.PLUGIN:
        yield (
            "network.mode: calico-pure-ip does not cross racks, whose routers have no pod routes (the nodes are in "
            f'{racks}); use calico-bgp, calico-vxlan with cross_subnet, one rack, or routes = "bgp"'
        )
    if cluster.routes is Routes.STATIC:
        yield (
            f"routes: static routes of calico-pure-ip end at the routers of racks, which have no pod routes (the nodes "
            f"are in {racks}); "
            'use routes = "bgp", or calico-ipip'
        )
    if cluster.routes is Routes.BGP:
        yield from racks_without_routers(cluster)
