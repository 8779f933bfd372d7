"""Mode cilium-bgp."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from underlay.model.addon import Object
from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.model.traits import Reach, Traits
from underlay.model.values import merged

from .bgp_checks import bgp_checks
from .bgp_objects import bgp_manifests, bgp_secrets
from .cilium import Cilium
from .paths import Native, Path


@dataclass(frozen=True)
class _Beside(Native):
    """Routes to the nodes beside are Cilium's; all else leaves by the default route, which is the rack's router."""

    skips: bool = True

    def wanted(self, cluster: Cluster, node: Node) -> dict[str, str]:
        return {str(n.address): "" for n in cluster.nodes if n != node and n.rack == node.rack}


class CiliumBgp(Cilium):
    """Cilium with plain routes, and every node's pods announced to the routers of its rack.

    For fabrics whose routers speak BGP. Cilium announces and installs nothing of what it hears: inside a rack it lays
    plain routes itself, and packets to other racks leave by the nodes' default route, which has to lead to a router
    that hears the announcements. Nodes call the routers, and take no calls.
    """

    data_path = "plain IP; between racks by the routers"

    @property
    def peers_with_routers(self) -> bool:
        return True

    @property
    def traits(self) -> Traits:
        return replace(super().traits, reach=Reach.WITH_ROUTES)

    def path(self, cluster: Cluster) -> Path:
        return _Beside(self.native_subnets(cluster))

    def chart_values(self, cluster: Cluster) -> dict[str, Any]:
        return merged(super().chart_values(cluster), {"bgpControlPlane": {"enabled": True}})

    def bgp_secrets(self, cluster: Cluster) -> tuple[Object, ...]:
        return bgp_secrets(cluster)

    def bgp_objects(self, cluster: Cluster) -> tuple[Object, ...]:
        return bgp_manifests(cluster)

    def checks(self, cluster: Cluster) -> list[Check]:
        return [*super().checks(cluster), *bgp_checks(cluster)]

    def problems(self, cluster: Cluster) -> list[str]:
        return [*super().problems(cluster), *(f"network.mode: {p}" for p in self._with_whom(cluster))]

    def _with_whom(self, cluster: Cluster) -> Iterator[str]:
        bgp = cluster.bgp
        if bgp is None:
            yield (
                f"{self.mode} needs to know who peers with whom, and the inventory has no bgp; "
                'set bgp = {"as_number": …}, and the routers of racks in the group routers'
            )
            return
        if alone := [rack for rack in cluster.racks if not bgp.routers_of(rack)]:
            yield (
                f"{self.mode} has nobody to announce pods to in {', '.join(alone)}; put a router in the group routers, "
                "or in bgp.peers"
            )
        if bgp.reflectors:
            yield f"{self.mode} has nodes that take no calls, so that none can reflect; leave bgp.reflectors out"
        if bgp.bfd:
            yield f"{self.mode} has no BFD, which Cilium does not speak; leave bgp.bfd out, and lower bgp.hold_time"
        if bgp.ttl_security:
            yield f"{self.mode} has no TTL security, which Cilium does not know; leave bgp.ttl_security out"
        if cluster.families == (6,):
            yield f"{self.mode} takes router ids from IPv4 addresses; use a dual-stack cluster"
        if cluster.dual_stack and any(r.managed for r in bgp.routers):
            yield (
                f"{self.mode} announces IPv6 too, and the routers of this project hear IPv4 alone; leave the IPv6 "
                "subnets out, or configure the routers yourself and name them in bgp.peers"
            )
