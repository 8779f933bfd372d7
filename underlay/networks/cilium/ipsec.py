"""Mode cilium-ipsec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from .any_path import AnyPath


class CiliumIpsec(AnyPath):
    """Cilium with pods' packets between nodes encrypted by IPsec.

    For sites that require AES-GCM, or whose kernels lack WireGuard. A key for each pair of nodes is derived from the
    one that is set; a new one needs the next ID. Costs 77 bytes per packet in addition to the overlay, and one core for
    each tunnel that decrypts. No other IPsec on the hosts, and not with Cilium's host firewall.
    """

    data_path = "IPsec around an overlay or plain IP"

    named_for: ClassVar[Mapping[str, Any]] = {"encryption": "ipsec"}

    encryption: Literal["none", "wireguard", "ipsec"] = Field("ipsec", description="always ipsec in this mode")

    @classmethod
    def example(cls) -> dict[str, Any]:
        return {"ipsec_key": "0123456789abcdef0123456789abcdef01234567"}
