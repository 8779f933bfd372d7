"""Who tells every hop where the pod subnets live."""

from __future__ import annotations

from enum import StrEnum


class Routes(StrEnum):
    """`plugin`: the network itself; `bgp`: FRR on the hosts; `static`: routes we lay; `cloud`: the VPC's."""

    PLUGIN = "plugin"
    BGP = "bgp"
    STATIC = "static"
    CLOUD = "cloud"
