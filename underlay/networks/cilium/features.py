"""The features of Cilium in one class, for the helpers that need to know which of them are on."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address
from typing import Any, ClassVar

from .egress import Egress
from .encryption import Encryption
from .mesh import Mesh
from .services import Services


class Features(Mesh, Egress, Encryption, Services):
    """Every feature that goes with any data path; the modes define the data path."""

    named_for: ClassVar[Mapping[str, Any]] = {}
    """Settings that define the mode and cannot be changed: name -> value."""

    @property
    def foreign_links(self) -> tuple[str, ...]:
        """Links of the data path that are not Cilium's own."""
        return ()

    def outside_addresses(self) -> Mapping[str, IPv4Address | IPv6Address]:
        mesh = {f"the mesh API {a} of {c.name}": a for c in self.mesh_clusters for a in c.addresses}
        sources = {
            f"the source address of egress policy {p.name}": p.address for p in self.egress_policies if p.address
        }
        return mesh | sources
