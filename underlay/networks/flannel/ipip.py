"""Mode flannel-ipip."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from pydantic import Field

from underlay.model.capture import Wire, pods_in_the_clear
from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.difference import member_difference
from underlay.model.node import Node
from underlay.model.packet_header import Header, ip
from underlay.model.prerequisites import Port
from underlay.model.traits import Status, Traits

from .checks import link_problem
from .flannel import Flannel
from .routes import ROUTES, neighbours, others, pod_routes

_LINK = "flannel.ipip"


class FlannelIpip(Flannel):
    """IP in IP, the smallest overlay; Flannel calls it experimental.

    Costs 20 bytes per packet, the least of all overlays, where the network between hosts passes IP protocol 4: clouds
    need a firewall rule for it, and Azure never passes it. IPv4 only, no encryption. `direct_routing` bypasses the
    overlay between nodes of one rack. The kernel module also creates a link `tunl0`; that is expected.
    """

    data_path = "IP in IP between nodes"
    registered: ClassVar[str] = "ipip"

    direct_routing: bool = Field(
        False, description="plain routes between nodes of one L2 segment, the overlay elsewhere"
    )

    @property
    def traits(self) -> Traits:
        warning = "Flannel calls this backend experimental and unsupported"
        return replace(super().traits, status=Status.EXPERIMENTAL, warning=warning)

    def backend(self, cluster: Cluster) -> dict[str, Any]:
        return {"Type": "ipip", "DirectRouting": self.direct_routing}

    def modules(self) -> tuple[str, ...]:
        return ("ipip",)

    def links(self, families: tuple[int, ...] = (4, 6)) -> tuple[str, ...]:
        return (_LINK,)

    def ports(self, cluster: Cluster) -> tuple[Port, ...]:
        return (Port("ipip", 0, "flannel IPIP"),)

    def headers(self, cluster: Cluster) -> tuple[Header, ...]:
        return (ip(),)

    def wire(self, cluster: Cluster, one: Node, other: Node) -> Wire:
        clear, tunnelled = pods_in_the_clear(cluster), "ip proto 4"
        if self.direct_routing and one.rack == other.rack:
            return Wire(shows=clear, never=tunnelled)
        return Wire(shows=tunnelled, never=clear)

    def gateways(self, cluster: Cluster, node: Node) -> set[str]:
        return neighbours(cluster, node) if self.direct_routing else set()

    def checks(self, cluster: Cluster) -> list[Check]:
        checks = super().checks(cluster)
        for node in cluster.nodes:
            # The link's MTU is that of the node's link less 20, regardless of the path's MTU.
            link = partial(link_problem, kind="ipip", mtu=self.pod_mtu(cluster), local=str(node.address))
            checks.append(Check("the IPIP link", node.name, f"ip -json -details link show {_LINK}", link))
            judge = partial(self._judge_routes, cluster, node)
            checks.append(Check("routes to the pods of other nodes", node.name, ROUTES[4], judge))
        return checks

    def _judge_routes(self, cluster: Cluster, node: Node, output: str) -> str | None:
        """Every node by its own address: through the tunnel, except, with direct routing, to nodes of the same rack."""
        near = self.gateways(cluster, node)
        routes = pod_routes(output, cluster)
        direct = {r["gateway"] for r in routes if r["dev"] != _LINK}
        tunnelled = {r["gateway"] for r in routes if r["dev"] == _LINK}
        if wrong := member_difference(direct, near):
            return f"gateways of routes outside the tunnel: {wrong}"
        wrong = member_difference(tunnelled, others(cluster, node, 4) - near)
        return f"gateways of routes through the tunnel: {wrong}" if wrong else None
