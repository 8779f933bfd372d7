"""The features of Cilium in one class, for the parts that ask which of them a mode has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from .egress import Egress
from .encryption import Encryption
from .mesh import Mesh
from .services import Services


class Features(Mesh, Egress, Encryption, Services):
    """Every feature that goes with any data path; which data path it is, the modes say."""

    named_for: ClassVar[Mapping[str, Any]] = {}
    """Settings that are what the mode is, and cannot be otherwise: name -> value."""

    @property
    def foreign_links(self) -> tuple[str, ...]:
        """Links of the data path that are not Cilium's own."""
        return ()
