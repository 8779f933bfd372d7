"""Mode flannel-gce."""

from __future__ import annotations

from typing import ClassVar

from .alloc import FlannelAlloc


class FlannelGce(FlannelAlloc):
    """Plain IP by the routes of a Google Cloud network: no overlay, across its zones.

    To choose on Compute Engine where an overlay is not wanted. Each node costs a route, its instance has to be made
    with --can-ip-forward, and the firewall has to let pods' addresses pass. Flannel's own backend of that name is gone
    since 0.20 (2022): Flannel hands out subnets, and the routes are the variable `cloud`'s. State path_mtu: 1460 is
    the network's default. IPv4 only, nothing encrypted by the mode.
    """

    data_path = "plain IP, routed by the cloud's network"
    provider: ClassVar[str] = "gce"
    path_most: ClassVar[int] = 8896
