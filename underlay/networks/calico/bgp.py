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
from underlay.resources.objects import KUBECTL

from . import judges, peering
from .calico import Calico
from .mode import addresses

# Sessions that a node keeps with its rack, from which on some nodes reflect routes for the rest.
RACK_MAX = 50


class CalicoBgp(Calico):
    """Plain IP across racks: nodes speak BGP with the routers of their rack.

    As fast as the wire, and pods are known to the network around the cluster. For racks whose routers speak BGP (the
    inventory's `bgp` and group `routers` say who and in which AS): best with one AS for each rack's nodes and another
    for each router; past 50 nodes in a rack, two or more of them reflect (bgp.reflectors). No overlay, no encryption
    of packets; sessions take a password.
    """

    data_path = "plain IP, routes told by BGP"

    advertise_services: bool = Field(False, description="tell routers of service_subnet too, from every node")

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
                f"network.mode: calico-bgp needs to know who peers with whom in {', '.join(cluster.racks)}, and the "
                "inventory has no bgp; set bgp.as_numbers, and routers"
            )
            return
        yield from _racks(cluster, bgp)
        yield from _routers(cluster, bgp)
        if bgp.bfd:
            yield "bgp.bfd: BIRD in open-source Calico has none to offer; leave it out, hold_time may be as low as 3"
        for twin, times in Counter(peering.slug(r) for r in cluster.racks).items():
            if times > 1:
                yield f"network.mode: calico-bgp names objects after racks, and {times} are called {twin}; rename some"

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
        filters = (peering.filters(cluster, services=self.advertise_services),)
        return (*(filters if peering.routers_of(cluster, bgp) else ()), *peering.peers(cluster, bgp))

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
        wanted = {n.name: _known(cluster).as_number(n) for n in cluster.nodes}
        judge = partial(judges.as_numbers, wanted)
        return [Check("every node's AS", cluster.first.name, f"{KUBECTL} get nodes -o json", judge)]


def _known(cluster: Cluster) -> Bgp:
    """The inventory's BGP facts; there are some where `problems` had nothing to say."""
    return cluster.bgp or Bgp(as_numbers=dict.fromkeys(cluster.racks, 64512))


def _racks(cluster: Cluster, bgp: Bgp) -> Iterator[str]:
    if without := [r for r in cluster.racks if r not in bgp.as_numbers]:
        yield f"bgp.as_numbers: {', '.join(without)} has none; give it one"
    for version in cluster.families:
        lacking = [r for r in cluster.racks if not any(x.address.version == version for x in bgp.routers_of(r))]
        if lacking and len(cluster.racks) > 1:
            yield (
                f"network.mode: calico-bgp crosses racks ({', '.join(cluster.racks)}) through their routers, and "
                f"{', '.join(lacking)} has none with an IPv{version} address (IPv{version} routes are told over "
                f"IPv{version}); put one in the group routers, or in bgp.peers"
            )
    for rack in cluster.racks:
        many = sum(n.rack == rack for n in cluster.nodes)
        reflecting = peering.reflectors(bgp, cluster.nodes, rack)
        if len(reflecting) == 1:
            yield (
                f"bgp.reflectors: {reflecting[0].name} alone reflects for {rack}, whose nodes would all go silent with "
                "it; name two of its nodes, or none"
            )
        elif many > RACK_MAX and not reflecting:
            yield (
                f"bgp.reflectors: {rack} has {many} nodes, and past {RACK_MAX} a session of each with every other is "
                "too many; name two of its nodes"
            )
        if not rack[-1].isalnum():
            yield f"hosts.rack: {rack!r} becomes a label of its nodes, which ends with a letter or digit; rename it"


def _routers(cluster: Cluster, bgp: Bgp) -> Iterator[str]:
    for router in peering.routers_of(cluster, bgp):
        if router.as_number == bgp.as_numbers.get(router.rack):
            yield (
                f"bgp: router {router.name} is in AS {router.as_number} as the nodes of {router.rack} are, and passes "
                "on no route of one to another unless it reflects; give it an AS of its own"
            )
        elif router.as_number in bgp.as_numbers.values():
            yield (
                f"bgp: router {router.name} is in AS {router.as_number}, which nodes of another rack are in: they "
                f"would refuse every route that passed it; give it an AS of its own"
            )
