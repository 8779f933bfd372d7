"""Mode calico-aws-vpc."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

from pydantic import Field

from underlay.model.cluster import Cluster
from underlay.model.routes import Routes
from underlay.model.traits import Reach, Status, Traits

from .calico import Calico
from .overlay import Overlay, vxlan
from .problems import mesh_problems


class CalicoAwsVpc(Calico):
    """Calico in an AWS VPC, for which it has no mode of its own: plain IP within a subnet, and three options across.

    "cross-subnet" is what upstream documents: an overlay between subnets only. "single-subnet" has no overlay, for
    nodes of one subnet. With "routes", pods have addresses of their node's podCIDR, and the VPC's route tables have a
    route to each (`routes`; a table holds a few hundred). All three need the instances' source/destination check off,
    which Felix does where the instances' role allows it. For pod addresses of the VPC, use Amazon's plugin.
    """

    data_path = "plain IP within a subnet, VXLAN across"

    delivery: Literal["cross-subnet", "single-subnet", "routes"] = Field(
        "cross-subnet", description="what carries packets between subnets"
    )
    source_check: Literal["felix", "site"] = Field(
        "felix",
        description="what switches the source/destination check off; felix needs two permissions in EC2",
    )

    @property
    def overlay(self) -> Overlay | None:
        return vxlan(cross_subnet=True, port=4789, vni=4096) if self.delivery == "cross-subnet" else None

    @property
    def routes(self) -> tuple[Routes, ...]:
        return (Routes.CLOUD,) if self.delivery == "routes" else (Routes.PLUGIN,)

    def host_local(self, cluster: Cluster) -> bool:
        return self.delivery == "routes"

    @property
    def needs_one_segment(self) -> bool:
        return self.delivery == "single-subnet"

    def felix(self, cluster: Cluster) -> dict[str, Any]:
        ports = {"vxlanPort": 4789, "vxlanVNI": 4096} if self.overlay else {}
        return {**ports, "awsSrcDstCheck": "Disable" if self.source_check == "felix" else "DoNothing"}

    @property
    def traits(self) -> Traits:
        reach = {"cross-subnet": Reach.ANYWHERE, "single-subnet": Reach.SEGMENT, "routes": Reach.WITH_ROUTES}
        return replace(
            super().traits,
            status=Status.SUBSTITUTE,
            reach=reach[self.delivery],
            cloud="AWS",
            warning="not a mode of Calico: instances need their source/destination check off",
        )

    def own_problems(self, cluster: Cluster) -> Iterator[str]:
        if self.delivery != "single-subnet":
            return
        yield from mesh_problems(self, cluster)
        if len(cluster.racks) > 1:
            yield (
                "network.delivery: single-subnet of calico-aws-vpc does not cross subnets (the nodes are in "
                f'{", ".join(cluster.racks)}); use "cross-subnet" or "routes"'
            )
