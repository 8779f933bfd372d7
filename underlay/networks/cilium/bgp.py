"""Mode cilium-bgp."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from underlay.model.addon import Object
from underlay.model.bgp_view import Speaker
from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.model.traits import Reach, Traits
from underlay.model.values import merged

from .bgp_checks import bgp_checks
from .bgp_objects import bgp_manifests, bgp_secrets
from .bgp_view import SPEAKER
from .cilium import Cilium
from .data_path import DataPath, Native


@dataclass(frozen=True)
class _WithinRack(Native):
    """Cilium installs routes to the nodes of the rack; all other packets leave by the default route, to a router."""

    skips: bool = True

    def gateways(self, cluster: Cluster, node: Node) -> dict[str, str]:
        return {str(n.address): "" for n in cluster.nodes if n != node and n.rack == node.rack}


class CiliumBgp(Cilium):
    """Cilium with native routing, which announces every node's pod subnet to the routers of its rack.

    For fabrics whose routers speak BGP. Cilium announces routes and installs none that it learns: within a rack it
    installs direct routes, and packets to other racks leave by the nodes' default route, which has to lead to a router
    that receives the announcements. Nodes open the sessions, and accept none.
    """

    data_path = "plain IP, routed by BGP between racks"

    @property
    def peers_with_routers(self) -> bool:
        return True

    @property
    def traits(self) -> Traits:
        return replace(super().traits, reach=Reach.WITH_ROUTES)

    def speaker(self, cluster: Cluster) -> Speaker | None:
        return SPEAKER

    def path(self, cluster: Cluster) -> DataPath:
        return _WithinRack(self.native_subnets(cluster))

    def chart_values(self, cluster: Cluster) -> dict[str, Any]:
        return merged(super().chart_values(cluster), {"bgpControlPlane": {"enabled": True}})

    def bgp_secrets(self, cluster: Cluster) -> tuple[Object, ...]:
        return bgp_secrets(cluster)

    def bgp_objects(self, cluster: Cluster) -> tuple[Object, ...]:
        return bgp_manifests(cluster)

    def checks(self, cluster: Cluster) -> list[Check]:
        return [*super().checks(cluster), *bgp_checks(cluster)]

    def problems(self, cluster: Cluster) -> list[str]:
        return [*super().problems(cluster), *(f"network.mode: {p}" for p in self._peering_problems(cluster))]

    def _peering_problems(self, cluster: Cluster) -> Iterator[str]:
        bgp = cluster.bgp
        if bgp is None:
            yield (
                f"{self.mode} needs BGP peers, and the inventory has no bgp; "
                'set bgp = {"as_number": …}, and put the routers of racks in the group routers'
            )
            return
        if without := [rack for rack in cluster.racks if not bgp.routers_of(rack)]:
            yield (
                f"{self.mode} announces pods to the routers of each rack, and {', '.join(without)} has none; "
                "put one in the group routers, or in bgp.peers"
            )
        if bgp.reflectors:
            yield f"{self.mode} has no route reflectors, since its nodes accept no sessions; remove bgp.reflectors"
        if bgp.bfd:
            yield f"{self.mode} does not support BFD; remove bgp.bfd, and lower bgp.hold_time"
        if bgp.ttl_security:
            yield f"{self.mode} does not support TTL security; remove bgp.ttl_security"
        if cluster.families == (6,):
            yield f"{self.mode} takes router IDs from IPv4 addresses (pods have IPv6 only); use a dual-stack cluster"
        if cluster.dual_stack and any(r.managed for r in bgp.routers):
            yield (
                f"{self.mode} announces IPv6 too, and the routers that Underlay manages accept IPv4 only; remove the "
                "IPv6 subnets, or configure the routers yourself and name them in bgp.peers"
            )
