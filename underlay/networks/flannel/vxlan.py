"""Mode flannel-vxlan."""

from __future__ import annotations

import json
from functools import partial
from typing import Any, ClassVar

from pydantic import Field

from underlay.model.capture import Wire, pods_in_the_clear
from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.difference import difference, member_difference
from underlay.model.node import Node
from underlay.model.packet_header import ETHERNET, Header, ip, udp
from underlay.model.prerequisites import Port

from .flannel import Flannel
from .routes import ROUTES, neighbours, others, pod_routes

# What Flannel reserves, in bytes, with either version of IP outside (pkg/backend/vxlan/device.go).
_RESERVED = 50
_LINKS = {4: "flannel", 6: "flannel-v6"}
_NAME_MAX = 15


class FlannelVxlan(Flannel):
    """VXLAN overlay over any IP network.

    The mode that works nearly everywhere: hosts need to reach one another on one UDP port, and the network between them
    needs no pod routes. Costs 50 bytes per packet, 70 over IPv6; no encryption. `direct_routing` bypasses the overlay
    between nodes of one rack.
    """

    data_path = "VXLAN between nodes"
    families: ClassVar[tuple[int, ...]] = (4, 6)
    registered: ClassVar[str] = "vxlan"

    # The link's name contains the VNI and has at most 15 characters, too few for all 24 bits of a VNI.
    vni: int = Field(1, gt=0, lt=10**7, description="VXLAN network identifier")
    port: int = Field(8472, gt=0, lt=2**16, description="UDP port of the overlay")
    direct_routing: bool = Field(
        False, description="plain routes between nodes of one L2 segment, the overlay elsewhere"
    )

    def problems(self, cluster: Cluster) -> list[str]:
        found = super().problems(cluster)
        if len(self.links(cluster.families)) < len(cluster.families):
            found.append(f"network.vni: too long for the name of the IPv6 link (it is {self.vni}); use one below 10000")
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
        """Links whose names are short enough for Linux; `problems` reports the others."""
        names = (f"{_LINKS[version]}.{self.vni}" for version in families)
        return tuple(name for name in names if len(name) <= _NAME_MAX)

    def ports(self, cluster: Cluster) -> tuple[Port, ...]:
        return (Port("udp", self.port, "flannel VXLAN"),)

    def headers(self, cluster: Cluster) -> tuple[Header, ...]:
        # IPv6 pods' packets travel between the nodes' IPv6 addresses, and a pod has one MTU for both versions.
        version = max(cluster.families)
        return (ip(version), udp(self.port), Header("VXLAN", 8, f"VNI {self.vni}"), ETHERNET)

    def wire(self, cluster: Cluster, one: Node, other: Node) -> Wire:
        clear, tunnelled = pods_in_the_clear(cluster), f"udp port {self.port}"
        if self.direct_routing and one.rack == other.rack:
            return Wire(shows=clear, never=tunnelled)
        return Wire(shows=tunnelled, never=clear)

    def gateways(self, cluster: Cluster, node: Node) -> set[str]:
        return neighbours(cluster, node) if self.direct_routing else set()

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
        state = "up" if "UP" in link["flags"] else "down"
        observed = {"mtu": link["mtu"], "vni": data["id"], "port": data["port"], "state": state}
        wrong = difference(observed, {"mtu": mtu, "vni": self.vni, "port": self.port, "state": "up"})
        return f"{link['ifname']}: {wrong}" if wrong else None

    def _judge_routes(self, cluster: Cluster, node: Node, version: int, output: str) -> str | None:
        """Through the overlay; with direct routing, nodes of the same rack by their own addresses."""
        neighbours = others(cluster, node, version, rack=node.rack) if self.direct_routing else set()
        routes = pod_routes(output, cluster, version)
        link = f"{_LINKS[version]}.{self.vni}"
        direct = {r["gateway"] for r in routes if r["dev"] != link}
        tunnelled = [r for r in routes if r["dev"] == link]
        if wrong := member_difference(direct, neighbours):
            return f"gateways of routes outside the overlay: {wrong}"
        expected = len(cluster.nodes) - 1 - len(neighbours)
        if len(tunnelled) == expected:
            return None
        return f"{len(tunnelled)} routes through the overlay, expected {expected}"
