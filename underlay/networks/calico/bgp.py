"""Mode calico-bgp."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from pydantic import Field

from underlay.model.addon import Object
from underlay.model.bgp import Bgp
from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.model.traits import Reach, Traits
from underlay.resources.api_server import KUBECTL

from . import judges, peering
from .calico import Calico
from .mode import addresses

# Nodes in a rack from which on route reflectors replace the mesh of sessions.
RACK_MAX = 50


class CalicoBgp(Calico):
    """Plain IP across racks: nodes peer by BGP with the routers of their rack.

    Line rate, and the network outside the cluster has routes to pods. For racks whose routers speak BGP; `bgp` and the
    group `routers` of the inventory define peers and AS numbers. Best with an AS for each rack's nodes and another for
    each router; with more than 50 nodes in a rack, two or more of them are route reflectors (bgp.reflectors). No
    overlay, no encryption of packets; sessions may have a password.
    """

    data_path = "plain IP, routes announced by BGP"

    advertise_services: bool = Field(False, description="announce service_subnet to routers too, from every node")

    @property
    def peers_with_routers(self) -> bool:
        return True

    @property
    def traits(self) -> Traits:
        return replace(super().traits, reach=Reach.WITH_ROUTES)

    def own_problems(self, cluster: Cluster) -> Iterator[str]:
        bgp = cluster.bgp
        if bgp is None:
            yield (
                f"network.mode: calico-bgp needs BGP peers, and the inventory has no bgp (the nodes are in "
                f"{', '.join(cluster.racks)}); set bgp.as_numbers, and put routers in the group routers"
            )
            return
        yield from _racks(cluster, bgp)
        yield from _routers(cluster, bgp)
        if bgp.bfd:
            yield "bgp.bfd: not supported by BIRD in open-source Calico; remove it, and lower hold_time (to 3 or more)"
        for twin, times in Counter(peering.slug(r) for r in cluster.racks).items():
            if times > 1:
                yield f"hosts.rack: {times} racks get the same name in Kubernetes (it is {twin}); rename some"

    def before(self, cluster: Cluster) -> tuple[Object, ...]:
        return (*peering.nodes(cluster, _known(cluster)), *peering.secret(_known(cluster)))

    def bgp_spec(self, cluster: Cluster) -> dict[str, Any]:
        bgp = _known(cluster)
        services = [{"cidr": str(subnet)} for subnet in cluster.service_subnets] if self.advertise_services else []
        return {
            "nodeToNodeMeshEnabled": False,
            **({"asNumber": next(iter(bgp.as_numbers.values()))} if bgp.single_as else {}),
            **({"serviceClusterIPs": services} if services else {}),
        }

    def peers(self, cluster: Cluster) -> tuple[Object, ...]:
        bgp = _known(cluster)
        filters = (peering.filters(cluster),)
        return (*(filters if peering.routers_of(cluster, bgp) else ()), *peering.peers(cluster, bgp))

    def shared_prefixes(self, cluster: Cluster) -> frozenset[str]:
        return frozenset(map(str, cluster.service_subnets)) if self.advertise_services else frozenset()

    def next_hops(self, cluster: Cluster, node: Node, version: int) -> frozenset[str]:
        bgp = _known(cluster)
        mates = [n for n in cluster.nodes if n.rack == node.rack and n != node]
        routers = [str(r.address) for r in bgp.routers_of(node.rack) if r.address.version == version]
        return addresses(mates, version) | set(routers)

    def neighbours(self, cluster: Cluster, node: Node, version: int) -> dict[str, int]:
        bgp = _known(cluster)
        mates = addresses(peering.rack_mates(cluster, bgp, node), version)
        routers = [r for r in bgp.routers_of(node.rack) if r.address.version == version]
        return {**dict.fromkeys(mates, bgp.as_number(node)), **{str(r.address): r.as_number for r in routers}}

    def own_checks(self, cluster: Cluster) -> list[Check]:
        expected = {n.name: _known(cluster).as_number(n) for n in cluster.nodes}
        judge = partial(judges.as_numbers, expected)
        return [Check("the AS number of every node", cluster.first.name, f"{KUBECTL} get nodes -o json", judge)]


def _known(cluster: Cluster) -> Bgp:
    """The inventory's BGP settings, or a stand-in where `problems` reports that there are none."""
    return cluster.bgp or Bgp(as_numbers=dict.fromkeys(cluster.racks, 64512))


def _racks(cluster: Cluster, bgp: Bgp) -> Iterator[str]:
    if without := [r for r in cluster.racks if r not in bgp.as_numbers]:
        yield f"bgp.as_numbers: {', '.join(without)} has none; add one"
    for version in cluster.families:
        lacking = [r for r in cluster.racks if not any(x.address.version == version for x in bgp.routers_of(r))]
        if lacking and len(cluster.racks) > 1:
            yield (
                f"network.mode: calico-bgp announces IPv{version} over IPv{version} to the routers of racks, and "
                f"{', '.join(lacking)} has none with an IPv{version} address (the nodes are in "
                f"{', '.join(cluster.racks)}); put one in the group routers, or in bgp.peers"
            )
    for rack in cluster.racks:
        many = sum(n.rack == rack for n in cluster.nodes)
        reflecting = peering.reflectors(bgp, cluster.nodes, rack)
        if len(reflecting) == 1:
            yield (
                f"bgp.reflectors: {rack} has a single route reflector, whose failure would end all its routes (it is "
                f"{reflecting[0].name}); name two of its nodes, or none"
            )
        elif many > RACK_MAX and not reflecting:
            yield (
                f"bgp.reflectors: {rack} has too many nodes for a full mesh of sessions (it is {many}, at most "
                f"{RACK_MAX}); name two of its nodes"
            )
        if not rack[-1].isalnum():
            yield f"hosts.rack: not a valid label, which ends with a letter or digit (it is {rack!r}); rename it"


def _routers(cluster: Cluster, bgp: Bgp) -> Iterator[str]:
    for router in peering.routers_of(cluster, bgp):
        if router.as_number == bgp.as_numbers.get(router.rack):
            yield (
                f"bgp: router {router.name} is in the AS of the nodes of {router.rack}, and announces no routes of one "
                f"to another unless it is a route reflector (it is AS {router.as_number}); give it another AS"
            )
        elif router.as_number in bgp.as_numbers.values():
            yield (
                f"bgp: router {router.name} is in the AS of nodes of another rack, which reject all routes through it "
                f"(it is AS {router.as_number}); give it another AS"
            )
