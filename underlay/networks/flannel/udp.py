"""Mode flannel-udp."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from pydantic import Field

from underlay.model.capture import Wire, pods_in_the_clear
from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.difference import difference, in_words
from underlay.model.node import Node
from underlay.model.packet_header import Header, ip, udp
from underlay.model.prerequisites import Port, Prerequisites
from underlay.model.traits import Status, Traits
from underlay.resources.architecture import Architecture

from .checks import link_problem
from .flannel import Flannel
from .routes import ROUTES, whole_network

# A TUN link disappears with the flanneld that made it, so that the next one has the same name.
_LINK = "flannel0"


class FlannelUdp(Flannel):
    """Packets through a user-space process on each node, over UDP: for debugging only.

    Choose it to rule out the kernel's overlay as the cause of a fault, and for nothing else: each packet passes through
    flanneld, so that it is slow and costs CPU, and flanneld runs privileged. 28 bytes per packet, IPv4 and amd64 only,
    no encryption.
    """

    data_path = "UDP from a user-space process"
    registered: ClassVar[str] = ""

    port: int = Field(8285, gt=0, lt=2**16, description="UDP port of the overlay")

    @property
    def traits(self) -> Traits:
        warning = "for debugging only: every packet passes through a user-space process, which is slow"
        return replace(super().traits, status=Status.DEBUGGING, warning=warning)

    def backend(self, cluster: Cluster) -> dict[str, Any]:
        return {"Type": "udp", "Port": self.port}

    def prerequisites(self, cluster: Cluster) -> Prerequisites:
        needs = super().prerequisites(cluster)
        return replace(needs, resources=(Architecture(("x86_64",), self.mode), *needs.resources))

    def modules(self) -> tuple[str, ...]:
        return ("tun",)

    def links(self, families: tuple[int, ...] = (4, 6)) -> tuple[str, ...]:
        return (_LINK,)

    def ports(self, cluster: Cluster) -> tuple[Port, ...]:
        return (Port("udp", self.port, "flannel UDP"),)

    @property
    def privileged(self) -> bool:
        """flanneld opens /dev/net/tun."""
        return True

    def headers(self, cluster: Cluster) -> tuple[Header, ...]:
        return (ip(), udp(self.port))

    def wire(self, cluster: Cluster, one: Node, other: Node) -> Wire:
        return Wire(shows=f"udp port {self.port}", never=pods_in_the_clear(cluster))

    def checks(self, cluster: Cluster) -> list[Check]:
        checks = super().checks(cluster)
        for node in cluster.nodes:
            # The link's MTU is that of the node's link less 28, regardless of the path's MTU.
            link = partial(link_problem, kind="tun", mtu=self.pod_mtu(cluster))
            checks.append(Check("the TUN link", node.name, f"ip -json -details link show {_LINK}", link))
            checks.append(Check("the route to all pods", node.name, ROUTES[4], partial(_judge_route, cluster)))
            checks.append(
                Check("flanneld listens", node.name, f"ss -Hlun sport = :{self.port}", partial(_judge_socket, node))
            )
        return checks


def _judge_route(cluster: Cluster, output: str) -> str | None:
    wrong = difference({"link": whole_network(output, cluster)}, {"link": [_LINK]})
    return f"route to {cluster.pod_subnet}: {wrong}" if wrong else None


def _judge_socket(node: Node, output: str) -> str | None:
    sockets = [line.split()[3] for line in output.splitlines()]
    if any(s.startswith(f"{node.address}:") for s in sockets):
        return None
    return f"flanneld does not listen on {node.address} (UDP sockets: {in_words(sockets)})"
