"""Mode calico-pure-ip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from underlay.model.cluster import Cluster
from underlay.model.routes import Routes
from underlay.model.traits import Reach, Traits

from .calico import Calico
from .problems import mesh_problems


class CalicoPureIp(Calico):
    """Plain routes from node to node, no overlay, told by a full mesh of BGP sessions.

    As fast as the wire, for nodes on one L2 segment: a router between them knows nothing of pods and drops their
    packets. Across racks, calico-bgp tells the routers; or `routes` has others tell them ("bgp", "static", "cloud"),
    and pods then have addresses of their node's podCIDR instead of Calico's blocks.
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
    """Why the routers between racks would not know where pods are."""
    racks = ", ".join(cluster.racks)
    if cluster.routes is Routes.PLUGIN:
        yield (
            f"network.mode: calico-pure-ip cannot cross racks (the nodes are in {racks}; the routers between racks "
            'know no pod routes); use calico-bgp, calico-vxlan with cross_subnet, one rack, or routes = "bgp"'
        )
    if cluster.routes is Routes.STATIC:
        yield (
            f"routes: static routes of calico-pure-ip end at the router of a rack (the nodes are in {racks}), which "
            'knows no pod routes; use routes = "bgp", or calico-ipip'
        )
    if cluster.routes is Routes.BGP:
        without = [r for r in cluster.racks if not (cluster.bgp and cluster.bgp.routers_of(r))]
        if without:
            yield (
                f'routes: with "bgp" the routers of racks tell one another of pods ({racks}), and '
                f"{', '.join(without)} has none; put one in the group routers, or in bgp.peers"
            )
