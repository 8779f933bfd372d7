"""Mode weave-fast-datapath."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, Literal

from underlay.model.capture import Wire, pods_in_the_clear
from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.model.packet_header import ETHERNET, Header, ip, udp
from underlay.model.prerequisites import Port
from underlay.networks.xfrm import STATES, associations_problem

from .weave import PORT, Weave

# net/bridge.go: 20 IP, 8 UDP, 8 VXLAN, 14 Ethernet, and 34 for ESP with a password; Weave's default MTU of 1376 is 1460
# less these. ESP pads to four bytes, so that an MTU that is a multiple of four wastes none.
_RESERVED = 84
_ESP = 34


class WeaveFastDatapath(Weave):
    """Weave's VXLAN by Open vSwitch in the kernel; legacy.

    Choose it only where Weave is already in use: it has had no maintainer since 2024. Works across routers, enforces
    network policies, and each node's agent discovers the others. A connection that cannot use this data path (UDP 6784
    is blocked, or packets of its size are) falls back to sleeve silently; the checks report it. Reserves 84 bytes per
    packet, IPv4 only. With a password it is weave-encrypted.
    """

    data_path = "VXLAN between nodes, by Open vSwitch in the kernel"
    path: ClassVar[Literal["fastdp", "sleeve"]] = "fastdp"

    @property
    def encryption(self) -> str:
        return "IPsec"

    def modules(self) -> tuple[str, ...]:
        return ("openvswitch", "vxlan", *super().modules(), *(("xfrm_user", "esp4") if self.password else ()))

    def ports(self) -> tuple[Port, ...]:
        data = Port("udp", PORT, "Weave fast datapath, and sleeve", last=PORT + 1)
        return (data, *((Port("esp", 0, "Weave fast datapath, encrypted"),) if self.password else ()))

    def links(self) -> tuple[str, ...]:
        return ("weave", "datapath", "vxlan-6784", "vethwe-bridge", "vethwe-datapath")

    def headers(self, cluster: Cluster) -> tuple[Header, ...]:
        esp = (Header("ESP", _ESP, "encrypted from here on"),) if self.password else ()
        return (ip(), *esp, udp(PORT + 1), Header("VXLAN", 8, "VNI of the two agents"), ETHERNET)

    def overhead(self, cluster: Cluster) -> int:
        return _RESERVED + cluster.path_mtu % 4

    def wire(self, cluster: Cluster, one: Node, other: Node) -> Wire:
        pods, tunnelled = pods_in_the_clear(cluster), f"udp port {PORT + 1}"
        if self.password:
            return Wire(shows="ip proto 50", never=pods, never_sent=tunnelled)
        return Wire(shows=tunnelled, never=pods)

    def checks(self, cluster: Cluster) -> list[Check]:
        if not self.password:
            return super().checks(cluster)
        judges = [(node, partial(associations_problem, cluster, node)) for node in cluster.nodes]
        own = [Check("IPsec associations", node.name, STATES, judge) for node, judge in judges]
        return [*super().checks(cluster), *own]
