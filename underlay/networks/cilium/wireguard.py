"""Mode cilium-wireguard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from .any_path import AnyPath


class CiliumWireguard(AnyPath):
    """Cilium with pods' packets between nodes encrypted by WireGuard.

    The simplest encryption to run: every node makes its own key, and the cluster tells the others. Costs 95 bytes a
    packet beside the overlay's (80 before Cilium 1.20). Pods of one node talk in clear, and so do nodes themselves,
    unless `node_encryption` is set; with `strict_encryption` what is not encrypted is dropped.
    """

    data_path = "WireGuard around an overlay or plain IP"

    named_for: ClassVar[Mapping[str, Any]] = {"encryption": "wireguard"}

    encryption: Literal["none", "wireguard", "ipsec"] = Field("wireguard", description="what the mode is named for")
