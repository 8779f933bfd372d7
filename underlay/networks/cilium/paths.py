"""How a packet gets from node to node, whatever else is switched on."""

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

from .routes import into_the_overlay, leads, route_checks

# Cilium's own numbers and names (pkg/defaults).
TUNNEL_PORTS = {"vxlan": 8472, "geneve": 6081}
TUNNEL_LINKS = {"vxlan": "cilium_vxlan", "geneve": "cilium_geneve"}


class Path:
    """What modes say of their data path; the default is a path of nothing."""

    @property
    def status(self) -> str:
        """What the agent calls it."""
        return "Native"

    @property
    def reserve(self) -> int:
        """Bytes taken off before Cilium starts counting, for headers that it knows nothing of."""
        return 0

    @property
    def modules(self) -> tuple[str, ...]:
        return ()

    @property
    def links(self) -> tuple[str, ...]:
        """Links on a host that are this path's."""
        return ()

    @property
    def ports(self) -> tuple[Port, ...]:
        return ()

    def values(self, cluster: Cluster) -> dict[str, Any]:
        """Chart values."""
        return {}

    def headers(self, cluster: Cluster) -> tuple[Header, ...]:
        return ()

    def shows(self, cluster: Cluster, one: Node, other: Node) -> str:
        """A pcap filter for pods' packets between two nodes."""
        return pods_in_the_clear(cluster)

    def checks(self, cluster: Cluster, *, pod_mtu: int) -> list[Check]:
        return []


@dataclass(frozen=True)
class Tunnel(Path):
    """`protocol` is vxlan or geneve; `port` 0 stands for the protocol's own."""

    protocol: str
    port: int = 0

    @property
    def status(self) -> str:
        return f"Tunnel [{self.protocol}]"

    @property
    def number(self) -> int:
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
        return {"tunnelProtocol": self.protocol, "tunnelPort": self.number}

    def headers(self, cluster: Cluster) -> tuple[Header, ...]:
        kind = Header("VXLAN" if self.protocol == "vxlan" else "Geneve", 8, "the pod's identity")
        return (ip(cluster.first.address.version), udp(self.number), kind, ETHERNET)

    def shows(self, cluster: Cluster, one: Node, other: Node) -> str:
        return f"udp port {self.number}"

    def checks(self, cluster: Cluster, *, pod_mtu: int) -> list[Check]:
        return route_checks(cluster, partial(into_the_overlay, pod_mtu))


@dataclass(frozen=True)
class Native(Path):
    """Packets as pods sent them. `direct` when Cilium lays routes to nodes; `skips` those that a router is before."""

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

    def wanted(self, cluster: Cluster, node: Node) -> dict[str, str]:
        """Where a node's routes to pods lead: gateway -> tunnel, or "" for none."""
        return {str(n.address): "" for n in cluster.nodes if n != node}

    def checks(self, cluster: Cluster, *, pod_mtu: int) -> list[Check]:
        return route_checks(cluster, lambda c, node, output: leads(c, self.wanted(c, node), output))
