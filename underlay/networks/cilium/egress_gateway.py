"""Mode cilium-egress-gateway."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from .any_path import AnyPath


class CiliumEgressGateway(AnyPath):
    """Chosen pods leave the cluster through chosen nodes, under fixed addresses.

    For firewalls and partners that know peers by their address. The addresses have to be on the gateways already.
    Serves Services itself and translates in eBPF, which the gateway needs; kube-proxy is left out. A gateway is one
    node: what leaves through it stops with it.
    """

    data_path = "overlay or plain IP; to the gateway, an overlay"

    named_for: ClassVar[Mapping[str, Any]] = {"egress_gateway": True}

    egress_gateway: bool = Field(True, description="egress gateway: what the mode is named for")
    kube_proxy_replacement: bool = Field(True, description="Cilium serves Services itself; the gateway needs it")
    bpf_masquerade: bool = Field(True, description="translate pods' addresses in eBPF; the gateway needs it")
