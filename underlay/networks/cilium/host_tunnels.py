"""Native routing of Cilium through IPIP tunnels on the hosts, which Cilium does not know about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from underlay.model.cluster import Cluster
from underlay.model.footprint import LinkKind, Traces
from underlay.model.node import Node
from underlay.model.packet_header import Header, ip
from underlay.model.prerequisites import Port
from underlay.model.routes import Routes
from underlay.model.traits import Reach, Status, Traits
from underlay.model.values import merged
from underlay.networks.pod_subnet import STATIC_PROTOCOL

from .cilium import Cilium
from .data_path import Native

# Cilium ignores links with this prefix (pkg/defaults/node.go), and links without an address.
TUNNEL = "cni-ipip"
HEADER = ip()


@dataclass(frozen=True)
class OverTunnels(Native):
    """The tunnels' header is subtracted before Cilium's: Cilium sees the MTU of the NIC, not of the tunnels."""

    @property
    def reserve(self) -> int:
        return HEADER.size

    @property
    def modules(self) -> tuple[str, ...]:
        return ("ipip",)

    @property
    def links(self) -> tuple[str, ...]:
        return (TUNNEL,)

    @property
    def ports(self) -> tuple[Port, ...]:
        return (Port("ipip", 0, "tunnels of pod routes"),)

    def headers(self, cluster: Cluster) -> tuple[Header, ...]:
        return (HEADER,)

    def shows(self, cluster: Cluster, one: Node, other: Node) -> str:
        return "ip proto 4"


class HostTunnels(Cilium):
    """What modes over the hosts' tunnels share: the tunnels, and the features that are untested over them."""

    @property
    def foreign_links(self) -> tuple[str, ...]:
        # The module creates tunl0 when it is loaded.
        return (TUNNEL, "tunl0")

    @property
    def routes(self) -> tuple[Routes, ...]:
        return (Routes.STATIC,)

    @property
    def uses_host_tunnels(self) -> bool:
        return True

    @property
    def traits(self) -> Traits:
        return replace(super().traits, status=Status.SUBSTITUTE, reach=Reach.ANYWHERE, families=(4,))

    def problems(self, cluster: Cluster) -> list[str]:
        return [*super().problems(cluster), *self._over_tunnels(cluster)]

    def _over_tunnels(self, cluster: Cluster) -> Iterator[str]:
        if 6 in cluster.families:
            yield f"network.mode: {self.mode} supports IPv4 only; use cilium-vxlan, or remove the IPv6 subnets"
        if self.encryption != "none":
            yield (
                f"network.encryption: untested over the hosts' tunnels (it is {self.encryption}); remove it, or "
                "use cilium-wireguard"
            )

    def traces(self) -> Traces:
        own = super().traces()
        return replace(
            own,
            links=(*own.links, TUNNEL),
            link_kinds=(*own.link_kinds, LinkKind(TUNNEL, ("ipip",))),
            route_protocols=(STATIC_PROTOCOL,),
        )

    def chart_values(self, cluster: Cluster) -> dict[str, Any]:
        # eBPF would forward packets to the NIC and bypass the tunnel.
        return merged(super().chart_values(cluster), {"bpf": {"hostLegacyRouting": True}})
