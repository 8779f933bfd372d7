"""Mode flannel-vxlan."""

from __future__ import annotations

import json
from functools import partial
from typing import Any, ClassVar

from pydantic import Field

from underlay.model.capture import Wire, pods_in_the_clear
from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.model.packet_header import ETHERNET, Header, ip, udp
from underlay.model.prerequisites import Port

from .flannel import Flannel
from .routes import ROUTES, others, pod_routes

# What Flannel reserves, whichever version of IP is around it (pkg/backend/vxlan/device.go).
_RESERVED = 50
_LINKS = {4: "flannel", 6: "flannel-v6"}
_NAME_MOST = 15


class FlannelVxlan(Flannel):
    """VXLAN overlay over any IP network.

    The one that works nearly everywhere: hosts need to reach one another by UDP on one port, and nothing between them
    knows of pods. Costs 50 bytes a packet, 70 over IPv6, and encrypts nothing. `direct_routing` leaves the overlay
    out between nodes of one rack.
    """

    data_path = "VXLAN between nodes"
    families: ClassVar[tuple[int, ...]] = (4, 6)
    registered: ClassVar[str] = "vxlan"

    # The link's name has the VNI in it, and a name has 15 characters: fewer than the 24 bits that a header has.
    vni: int = Field(1, gt=0, lt=10**7, description="VXLAN network identifier")
    port: int = Field(8472, gt=0, lt=2**16, description="UDP port of the overlay")
    direct_routing: bool = Field(
        False, description="plain routes between nodes on one L2 segment, the overlay elsewhere"
    )

    def problems(self, cluster: Cluster) -> list[str]:
        found = super().problems(cluster)
        if len(self.links(cluster.families)) < len(cluster.families):
            found.append(
                f"network.vni: {self.vni} is too long for the name of the link that carries IPv6; use one below 10000"
            )
        return found

    def backend(self, cluster: Cluster) -> dict[str, Any]:
        return {
            "Type": "vxlan",
            "VNI": self.vni,
            "Port": self.port,
            "DirectRouting": self.direct_routing,
            "MTU": self.pod_mtu(cluster) + _RESERVED,
        }

    def modules(self) -> tuple[str, ...]:
        return ("vxlan",)

    def links(self, families: tuple[int, ...] = (4, 6)) -> tuple[str, ...]:
        """Those whose names Linux can have."""
        names = (f"{_LINKS[version]}.{self.vni}" for version in families)
        return tuple(name for name in names if len(name) <= _NAME_MOST)

    def ports(self, cluster: Cluster) -> tuple[Port, ...]:
        return (Port("udp", self.port, "flannel VXLAN"),)

    def headers(self, cluster: Cluster) -> tuple[Header, ...]:
        # IPv6 pods travel between the nodes' IPv6 addresses, and a pod has one MTU for both.
        version = max(cluster.families)
        return (ip(version), udp(self.port), Header("VXLAN", 8, f"VNI {self.vni}"), ETHERNET)

    def wire(self, cluster: Cluster, one: Node, other: Node) -> Wire:
        clear, tunnelled = pods_in_the_clear(cluster), f"udp port {self.port}"
        if self.direct_routing and one.rack == other.rack:
            return Wire(shows=clear, never=tunnelled)
        return Wire(shows=tunnelled, never=clear)

    def checks(self, cluster: Cluster) -> list[Check]:
        checks = super().checks(cluster)
        for version in cluster.families:
            family = "" if version == 4 else "IPv6 "
            link = f"{_LINKS[version]}.{self.vni}"
            for node in cluster.nodes:
                judge = partial(self._judge_link, self.pod_mtu(cluster))
                command = f"ip -json -details link show {link}"
                checks.append(Check(f"the {family}VXLAN link", node.name, command, judge))
                name = f"{family}routes to the pods of other nodes"
                judge_routes = partial(self._judge_routes, cluster, node, version)
                checks.append(Check(name, node.name, ROUTES[version], judge_routes))
        return checks

    def _judge_link(self, mtu: int, output: str) -> str | None:
        link = json.loads(output)[0]
        data = link["linkinfo"]["info_data"]
        seen = {"mtu": link["mtu"], "vni": data["id"], "port": data["port"], "up": "UP" in link["flags"]}
        wanted = {"mtu": mtu, "vni": self.vni, "port": self.port, "up": True}
        return None if seen == wanted else f"{link['ifname']} is {seen}, not {wanted}"

    def _judge_routes(self, cluster: Cluster, node: Node, version: int, output: str) -> str | None:
        """Through the overlay to nodes elsewhere; with direct routing, by their own address to those beside."""
        beside = others(cluster, node, version, rack=node.rack) if self.direct_routing else set()
        routes = pod_routes(output, cluster, version)
        link = f"{_LINKS[version]}.{self.vni}"
        direct = {r["gateway"] for r in routes if r["dev"] != link}
        tunnelled = [r for r in routes if r["dev"] == link]
        if direct != beside:
            return f"routes that avoid the overlay lead to {sorted(direct)}, not {sorted(beside)}"
        wanted = len(cluster.nodes) - 1 - len(beside)
        return None if len(tunnelled) == wanted else f"{len(tunnelled)} routes through the overlay, not {wanted}"
