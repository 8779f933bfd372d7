"""Mode calico-gce."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

from pydantic import Field

from underlay.model.cluster import Cluster
from underlay.model.routes import Routes
from underlay.model.traits import Reach, Status, Traits

from .calico import Calico
from .overlay import Overlay, ipip, vxlan
from .problems import mesh_problems


class CalicoGce(Calico):
    """Calico on Google Compute Engine, for which it has no mode of its own: routes of the VPC, or an overlay.

    With "routes", pods have addresses of their node's podCIDR, and the VPC has a route to each: no overlay, but
    instances have to be allowed to forward, and the routes have to be created (`routes`). GCE has no L2, so that routes
    between nodes alone reach nobody. With "vxlan" or "ipip" (Google's own recipe) the VPC needs no pod routes; its
    firewall has to allow the overlay. Links have an MTU of 1460 unless the VPC has another: set path_mtu.
    """

    data_path = "plain IP by routes of the VPC"

    delivery: Literal["routes", "vxlan", "ipip"] = Field("routes", description="what carries packets between nodes")

    @property
    def overlay(self) -> Overlay | None:
        if self.delivery == "vxlan":
            return vxlan(cross_subnet=False, port=4789, vni=4096)
        return ipip(cross_subnet=False) if self.delivery == "ipip" else None

    @property
    def routes(self) -> tuple[Routes, ...]:
        return (Routes.CLOUD,) if self.delivery == "routes" else (Routes.PLUGIN,)

    def host_local(self, cluster: Cluster) -> bool:
        return self.delivery == "routes"

    def felix(self, cluster: Cluster) -> dict[str, Any]:
        return {"vxlanPort": 4789, "vxlanVNI": 4096} if self.delivery == "vxlan" else {}

    @property
    def traits(self) -> Traits:
        reach = Reach.WITH_ROUTES if self.delivery == "routes" else Reach.ANYWHERE
        families = (4,) if self.delivery == "ipip" else (4, 6)
        warning = "not a mode of Calico: instances have to be allowed to forward, and the VPC needs the routes"
        return replace(
            super().traits, status=Status.SUBSTITUTE, reach=reach, cloud="GCE", families=families, warning=warning
        )

    def own_problems(self, cluster: Cluster) -> Iterator[str]:
        if self.delivery == "ipip":
            yield from mesh_problems(self, cluster)
            if 6 in cluster.families:
                yield 'network.delivery: ipip carries IPv4 only, and pods have IPv6 addresses; use "vxlan" or "routes"'
