"""Mode cilium-socket-lb."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from .any_path import AnyPath


class CiliumSocketLb(AnyPath):
    """Services resolved as a socket connects, before there is a packet.

    Once called host-reachable services. Programs connect to a pod straight away, and nothing translates their packets
    on the way. Beside kube-proxy, which goes on to serve NodePorts, or with `kube_proxy_replacement` without it.
    """

    data_path = "overlay or plain IP"

    named_for: ClassVar[Mapping[str, Any]] = {"socket_lb": True}

    socket_lb: bool | None = Field(True, description="Services at the socket: what the mode is named for")
