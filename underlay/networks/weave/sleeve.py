"""Mode weave-sleeve."""

from __future__ import annotations

from typing import ClassVar, Literal

from underlay.model.capture import Wire, pods_in_the_clear
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.model.packet_header import ETHERNET, Header, ip, udp
from underlay.model.prerequisites import Port

from .weave import PORT, Weave

# Without fast datapath Weave gives the bridge an MTU of 65535 and fragments packets itself; this is its MTU with it.
_MTU = 1376
# Names and lengths (router/crypto.go); with a password also a sequence number and an authenticator.
_FRAME, _ENCRYPTED = 20, 24


class WeaveSleeve(Weave):
    """Weave's packets through a user-space process on each node, over UDP; legacy.

    Choose it only where Weave is already in use and the kernel has no Open vSwitch: the agent captures, sends and
    injects each packet, so that it is slow and costs CPU. Works across routers and through NAT, on one port. Pods have
    an MTU of 1376, IPv4 only. With a password, packets are encrypted with NaCl.
    """

    data_path = "UDP from a user-space process"
    path: ClassVar[Literal["fastdp", "sleeve"]] = "sleeve"

    @property
    def encryption(self) -> str:
        return "NaCl"

    def ports(self) -> tuple[Port, ...]:
        return (Port("udp", PORT, "Weave sleeve"),)

    def links(self) -> tuple[str, ...]:
        return ("weave", "vethwe-bridge", "vethwe-pcap")

    def environment(self, cluster: Cluster) -> dict[str, str]:
        return super().environment(cluster) | {"WEAVE_NO_FASTDP": "true"}

    def headers(self, cluster: Cluster) -> tuple[Header, ...]:
        encrypted = bool(self.password)
        frame = Header(
            "sleeve", _FRAME + (_ENCRYPTED if encrypted else 0), "encrypted from here on" if encrypted else ""
        )
        return (ip(), udp(PORT), frame, ETHERNET)

    def pod_mtu(self, cluster: Cluster) -> int:
        return min(super().pod_mtu(cluster), _MTU)

    def wire(self, cluster: Cluster, one: Node, other: Node) -> Wire:
        return Wire(shows=f"udp port {PORT}", never=f"udp port {PORT + 1} or {pods_in_the_clear(cluster)}")
