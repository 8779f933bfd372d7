"""Mode cilium-cluster-mesh."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from underlay.model.traits import Traits

from .any_path import AnyPath


class CiliumClusterMesh(AnyPath):
    """Several clusters whose pods and Services reach one another.

    Every node has to reach every node of the other clusters, all clusters have the same data path, and their subnets do
    not overlap. Each cluster has an ID and a name of its own, all share a CA, and each inventory lists the other
    clusters in `mesh_clusters`.
    """

    data_path = "overlay or plain IP, between clusters too"

    needs_mesh: ClassVar[bool] = True

    @classmethod
    def example(cls) -> dict[str, Any]:
        return {"cluster_id": 1, "cluster_name": "east"}

    @property
    def traits(self) -> Traits:
        return replace(super().traits, clusters=True)
