"""Racks of nodes and the routers between them, as far as pod routes depend on them."""

from __future__ import annotations

from collections.abc import Iterator

from underlay.model.cluster import Cluster


def racks_without_routers(cluster: Cluster) -> Iterator[str]:
    """The problem of routes = "bgp" where a rack has no router that would announce its pods to the others."""
    without = [rack for rack in cluster.racks if not (cluster.bgp and cluster.bgp.routers_of(rack))]
    if without:
        yield (
            f'routes: "bgp" needs a router in every rack, and {", ".join(without)} has none (the nodes are in '
            f"{', '.join(cluster.racks)}); put one in the group routers, or in bgp.peers"
        )
