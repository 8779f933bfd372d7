"""Mode cilium-ipsec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from .any_path import AnyPath


class CiliumIpsec(AnyPath):
    """Cilium with pods' packets between nodes encrypted by IPsec.

    For sites that ask for AES-GCM, or whose kernels lack WireGuard. One key is given and one for each pair of nodes
    derived from it; a new one needs the next number. Costs 77 bytes a packet beside the overlay's, and one core for
    each tunnel that decrypts. No other IPsec on the hosts, and no host firewall of Cilium's.
    """

    data_path = "IPsec around an overlay or plain IP"

    named_for: ClassVar[Mapping[str, Any]] = {"encryption": "ipsec"}

    encryption: Literal["none", "wireguard", "ipsec"] = Field("ipsec", description="what the mode is named for")

    @classmethod
    def example(cls) -> dict[str, Any]:
        return {"ipsec_key": "0123456789abcdef0123456789abcdef01234567"}
