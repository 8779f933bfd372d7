"""Cilium's data paths between nodes, independent of its features."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from underlay.model.capture import pods_in_the_clear
from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.model.packet_header import ETHERNET, Header, ip, udp
from underlay.model.prerequisites import Port

from .routes import gateways_problem, overlay_problem, route_checks

# Cilium's own numbers and names (pkg/defaults).
TUNNEL_PORTS = {"vxlan": 8472, "geneve": 6081}
TUNNEL_LINKS = {"vxlan": "cilium_vxlan", "geneve": "cilium_geneve"}


class DataPath:
    """What modes define of their data path; the default has no headers, links, ports or checks."""

    @property
    def status(self) -> str:
        """The name that the agent reports."""
        return "Native"

    @property
    def reserve(self) -> int:
        """Bytes subtracted from the MTU before Cilium's own headers, for headers that it does not know about."""
        return 0

    @property
    def modules(self) -> tuple[str, ...]:
        """Kernel modules."""
        return ()

    @property
    def links(self) -> tuple[str, ...]:
        """The links that this path has on a host."""
        return ()

    @property
    def ports(self) -> tuple[Port, ...]:
        """Ports between nodes."""
        return ()

    def values(self, cluster: Cluster) -> dict[str, Any]:
        """Chart values."""
        return {}

    def headers(self, cluster: Cluster) -> tuple[Header, ...]:
        """Headers added to a pod's packet, outermost first."""
        return ()

    def shows(self, cluster: Cluster, one: Node, other: Node) -> str:
        """A pcap filter for pods' packets between two nodes."""
        return pods_in_the_clear(cluster)

    def checks(self, cluster: Cluster, *, pod_mtu: int) -> list[Check]:
        """Checks of the routes on every node; `pod_mtu` in bytes."""
        return []


@dataclass(frozen=True)
class Tunnel(DataPath):
    """An overlay. `protocol` is vxlan or geneve; `port` 0 is the protocol's default."""

    protocol: str
    port: int = 0

    @property
    def status(self) -> str:
        return f"Tunnel [{self.protocol}]"

    @property
    def number(self) -> int:
        """The UDP port."""
        return self.port or TUNNEL_PORTS[self.protocol]

    @property
    def modules(self) -> tuple[str, ...]:
        return (self.protocol,)

    @property
    def links(self) -> tuple[str, ...]:
        return (TUNNEL_LINKS[self.protocol],)

    @property
    def ports(self) -> tuple[Port, ...]:
        return (Port("udp", self.number, f"Cilium {'VXLAN' if self.protocol == 'vxlan' else 'Geneve'}"),)

    def values(self, cluster: Cluster) -> dict[str, Any]:
        underlay = f"ipv{cluster.first.address.version}"
        return {"routingMode": "tunnel", "underlayProtocol": underlay, **self.protocol_values()}

    def protocol_values(self) -> dict[str, Any]:
        """The chart values that are needed even where the tunnel is not the data path."""
        return {"tunnelProtocol": self.protocol, "tunnelPort": self.number}

    def headers(self, cluster: Cluster) -> tuple[Header, ...]:
        kind = Header("VXLAN" if self.protocol == "vxlan" else "Geneve", 8, "the pod's identity")
        return (ip(cluster.first.address.version), udp(self.number), kind, ETHERNET)

    def shows(self, cluster: Cluster, one: Node, other: Node) -> str:
        return f"udp port {self.number}"

    def checks(self, cluster: Cluster, *, pod_mtu: int) -> list[Check]:
        return route_checks(cluster, partial(overlay_problem, pod_mtu))


@dataclass(frozen=True)
class Native(DataPath):
    """Packets without encapsulation. `direct`: Cilium installs routes to nodes; `skips`: not those behind routers."""

    subnets: tuple[str, ...]
    direct: bool = True
    skips: bool = False

    def values(self, cluster: Cluster) -> dict[str, Any]:
        return {
            "routingMode": "native",
            "autoDirectNodeRoutes": self.direct,
            **({"directRoutingSkipUnreachable": True} if self.skips else {}),
            **{f"ipv{6 if ':' in s else 4}NativeRoutingCIDR": s for s in self.subnets},
        }

    def gateways(self, cluster: Cluster, node: Node) -> dict[str, str]:
        """Where a node's pod routes lead: gateway -> tunnel link, or "" for none."""
        return {str(n.address): "" for n in cluster.nodes if n != node}

    def checks(self, cluster: Cluster, *, pod_mtu: int) -> list[Check]:
        return route_checks(cluster, lambda c, node, output: gateways_problem(c, self.gateways(c, node), output))
