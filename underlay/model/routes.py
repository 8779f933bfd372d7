"""What makes pod subnets reachable on every hop."""

from __future__ import annotations

from enum import StrEnum


class Routes(StrEnum):
    """`plugin`: the network itself; `bgp`: FRR on the hosts; `static`: routes of the deploy; `cloud`: the VPC's."""

    PLUGIN = "plugin"
    BGP = "bgp"
    STATIC = "static"
    CLOUD = "cloud"
