"""Mode cilium-direct-routing."""

from __future__ import annotations

from dataclasses import replace

from underlay.model.cluster import Cluster
from underlay.model.routes import Routes
from underlay.model.traits import Reach, Traits

from .cilium import Cilium
from .data_path import DataPath
from .native import native_path


class CiliumDirectRouting(Cilium):
    """Cilium with native routing from node to node, no overlay.

    The fastest of Cilium's data paths. All nodes have to be on one segment, where Cilium installs the routes itself; or
    `routes = "bgp"` runs FRR on every host, and the routers of the racks route pods' packets too.
    """

    data_path = "plain IP"

    def path(self, cluster: Cluster) -> DataPath:
        return native_path(self, cluster)

    @property
    def needs_one_segment(self) -> bool:
        return True

    @property
    def routes(self) -> tuple[Routes, ...]:
        return (Routes.PLUGIN, Routes.BGP)

    @property
    def traits(self) -> Traits:
        return replace(super().traits, reach=Reach.SEGMENT)
