"""Mode cilium-egress-gateway."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from .any_path import AnyPath


class CiliumEgressGateway(AnyPath):
    """Selected pods leave the cluster through gateway nodes, with fixed source addresses.

    For firewalls and partners that identify peers by address. The gateways have to have the addresses already. Cilium
    replaces kube-proxy and masquerades in eBPF, which the gateway requires. Each policy has one gateway node: while it
    is down, its pods reach nothing outside.
    """

    data_path = "overlay or plain IP; an overlay to the gateway"

    named_for: ClassVar[Mapping[str, Any]] = {"egress_gateway": True}

    egress_gateway: bool = Field(True, description="egress gateway; always on in this mode")
    kube_proxy_replacement: bool = Field(True, description="Cilium serves Services itself; required by the gateway")
    bpf_masquerade: bool = Field(True, description="masquerade in eBPF; required by the gateway")
