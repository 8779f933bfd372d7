"""Mode cilium-wireguard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from .any_path import AnyPath


class CiliumWireguard(AnyPath):
    """Cilium with pods' packets between nodes encrypted by WireGuard.

    The simplest encryption to operate: every node generates its own key and publishes it through the cluster. Costs 95
    bytes per packet in addition to the overlay (80 before Cilium 1.20). Traffic between pods of one node is in the
    clear, and so is traffic of the nodes themselves unless `node_encryption` is set; `strict_encryption` drops pods'
    packets that are not encrypted.
    """

    data_path = "WireGuard around an overlay or plain IP"

    named_for: ClassVar[Mapping[str, Any]] = {"encryption": "wireguard"}

    encryption: Literal["none", "wireguard", "ipsec"] = Field("wireguard", description="always wireguard in this mode")
