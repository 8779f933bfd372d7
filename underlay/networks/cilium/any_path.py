"""The data path as a setting, for modes that are named after a feature."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from pydantic import Field

from underlay.model.cluster import Cluster
from underlay.model.routes import Routes
from underlay.model.traits import Reach, Traits

from .cilium import Cilium
from .data_path import DataPath, Tunnel
from .native import native_path


class AnyPath(Cilium):
    """A mode over any data path; by default an overlay, which works nearly everywhere."""

    routing: Literal["vxlan", "geneve", "native"] = Field(
        "vxlan", description="data path: vxlan, geneve, or native for routes without an overlay on one segment"
    )

    def path(self, cluster: Cluster) -> DataPath:
        return native_path(self, cluster) if self.routing == "native" else Tunnel(self.routing, self.tunnel_port)

    @property
    def needs_one_segment(self) -> bool:
        return self.routing == "native"

    @property
    def routes(self) -> tuple[Routes, ...]:
        return (Routes.PLUGIN, Routes.BGP) if self.routing == "native" else (Routes.PLUGIN,)

    @property
    def traits(self) -> Traits:
        return replace(super().traits, reach=Reach.SEGMENT if self.needs_one_segment else Reach.ANYWHERE)
