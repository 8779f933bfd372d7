"""Mode cilium-socket-lb."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from .any_path import AnyPath


class CiliumSocketLb(AnyPath):
    """Services translated when a socket connects, before the first packet.

    Once called host-reachable services. Programs connect to a pod directly, and no packet is translated in between.
    Works with kube-proxy, which still serves NodePorts, or without it by `kube_proxy_replacement`.
    """

    data_path = "overlay or plain IP"

    named_for: ClassVar[Mapping[str, Any]] = {"socket_lb": True}

    socket_lb: bool | None = Field(True, description="Services at the socket; always on in this mode")
