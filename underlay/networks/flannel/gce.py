"""Mode flannel-gce."""

from __future__ import annotations

from typing import ClassVar

from .alloc import FlannelAlloc


class FlannelGce(FlannelAlloc):
    """Plain IP by the routes of a Google Cloud network: no overlay, across its zones.

    Choose it on Compute Engine where an overlay is not wanted. Each node takes a route, its instance has to be created
    with --can-ip-forward, and the firewall has to allow pods' addresses. Flannel dropped its own backend of that name
    in 0.20 (2022): Flannel assigns subnets, and the variable `cloud` makes the routes. Set path_mtu: the default of the
    network is 1460. IPv4 only, no encryption by the mode.
    """

    data_path = "plain IP, routed by the cloud's network"
    provider: ClassVar[str] = "gce"
    path_mtu_max: ClassVar[int] = 8896
