"""What open-source Calico has instead of an egress gateway, and what each of it does and does not deliver.

namespace-pools: pods of a namespace have addresses of a range of their own and keep them on the way out, for a firewall
outside to tell them by. No fixed single address, no chosen node; the routers have to know the pods' routes.
node-addresses: a node's pods leave it under this address of the node, not under its main one. No choice by pod.
gateway-node: pods of a namespace leave the cluster through one node and under one address, whichever node they run on.
One node: while it is away, they reach nothing outside. Laid on the hosts by us, followed every few seconds.
Calico Enterprise's and Cilium's egress gateways choose by pod labels and fail over; these do not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from ipaddress import IPv4Network

from underlay.model.addon import Object
from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.resources.resource import Resource

from . import egress_gateway_node
from .egress_pools import POOL_BLOCK, pool_name
from .mode import CalicoMode
from .objects import calico

# Settings that each substitute reads.
_READS = {
    "none": (),
    "namespace-pools": ("egress_pools",),
    "node-addresses": ("egress_addresses",),
    "gateway-node": ("egress_pools", "egress_gateway", "egress_addresses"),
}
# The operator takes this many pools in all.
_POOLS_MAX = 25


def problems(network: CalicoMode, cluster: Cluster) -> Iterator[str]:
    read = _READS[network.egress]
    for name in _READS["gateway-node"]:
        if getattr(network, name) and name not in read:
            yield f"network.{name}: would be ignored with egress {network.egress!r}; leave it out, or set egress"
        elif name in read and not getattr(network, name):
            yield f"network.{name}: is missing; egress {network.egress!r} needs it"
    if network.egress == "none":
        return
    names = {n.name for n in cluster.nodes}
    for setting, node in [("egress_addresses", n) for n in network.egress_addresses] + (
        [("egress_gateway", network.egress_gateway)] if network.egress_gateway else []
    ):
        if names and node not in names:
            yield f"network.{setting}: no node is called {node}; the nodes are {', '.join(sorted(names))}"
    yield from _pool_problems(network, cluster)
    yield from _substitute_problems(network, cluster)


def _pool_problems(network: CalicoMode, cluster: Cluster) -> Iterator[str]:
    if cluster.pod_subnet.version == 6:
        yield f"network.egress: {network.egress} is for IPv4, and pod_subnet is IPv6; leave it out"
        return
    if len(network.egress_pools) + len(network.pools(cluster)) > _POOLS_MAX:
        yield f"network.egress_pools: {len(network.egress_pools)} are more than the operator takes; use 23 at most"
    upper = list(cluster.pod_subnet.subnets())[-1]
    seen: list[tuple[str, IPv4Network]] = []
    for namespace, pool in network.egress_pools.items():
        where = f"network.egress_pools: {namespace} has {pool}"
        if not pool.subnet_of(upper):
            yield f"{where}, which is not in the upper half of pod_subnet; choose of {upper}"
        if pool.prefixlen > POOL_BLOCK - 1:
            yield f"{where}, which is too small: nodes take a /{POOL_BLOCK} each; use a /{POOL_BLOCK - 1} or larger"
        for other, range_ in seen:
            if pool.overlaps(range_):
                yield f"{where}, which overlaps {range_} of {other}; choose another"
        seen.append((namespace, pool))


def _substitute_problems(network: CalicoMode, cluster: Cluster) -> Iterator[str]:
    where = f"network.egress: {network.egress}"
    if network.egress_pools and network.host_local(cluster):
        yield f"{where} needs Calico's own IPAM, and pods have addresses of their node's podCIDR here; leave it out"
    if network.egress == "namespace-pools" and not network.peers_with_routers:
        yield (
            f"{where} needs routers that know the pods' routes, and {network.mode} peers with none; use calico-bgp "
            "with it, or egress gateway-node"
        )
    if network.egress == "node-addresses" and not network.nat_outgoing:
        yield f"{where} needs nat_outgoing: it names the address that pods are hidden behind; set it"
    if network.egress == "node-addresses" and network.ebpf:
        yield f"{where} is a rule of iptables or nftables; use data_plane auto"
    if network.egress != "gateway-node":
        return
    if network.overlay is None or network.overlay.encapsulation != "VXLAN" or network.overlay.cross_subnet:
        yield f"{where} leads through a VXLAN overlay, which {network.mode} lacks between some nodes; use calico-vxlan"
    if network.ebpf or network.encrypts:
        what = "eBPF" if network.ebpf else "WireGuard"
        yield f"{where} leads past {what}, in the clear and by plain routes; leave one of them out"
    if network.egress_gateway and network.egress_gateway not in network.egress_addresses:
        yield f"network.egress_addresses: has none for {network.egress_gateway}; name the address pods leave it under"
    for node in network.egress_addresses:
        if network.egress_gateway and node != network.egress_gateway:
            yield f"network.egress_addresses: {node} is not the egress_gateway; leave its address out"


def namespaces(network: CalicoMode) -> tuple[Object, ...]:
    """Namespaces whose pods have a range of their own; applied server-side, the annotation alone is ours."""
    return tuple(
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {
                "name": namespace,
                "annotations": {"cni.projectcalico.org/ipv4pools": json.dumps([pool_name(namespace)])},
            },
        }
        for namespace in network.egress_pools
    )


def objects(network: CalicoMode) -> tuple[Object, ...]:
    """What Felix has to know; the pools are in the Installation."""
    if network.egress != "node-addresses":
        return ()
    return tuple(
        calico("FelixConfiguration", f"node.{node}", {"natOutgoingAddress": str(address)})
        for node, address in network.egress_addresses.items()
    )


def resources(network: CalicoMode, cluster: Cluster, node: Node) -> tuple[Resource, ...]:
    if network.egress != "gateway-node":
        return ()
    return egress_gateway_node.resources(
        cluster,
        node,
        gateway=cluster.node(network.egress_gateway),
        address=str(network.egress_addresses[network.egress_gateway]),
        pools=[str(pool) for pool in network.egress_pools.values()],
    )


def checks(network: CalicoMode, cluster: Cluster) -> list[Check]:
    if network.egress != "gateway-node":
        return []
    pools = [str(pool) for pool in network.egress_pools.values()]
    return egress_gateway_node.checks(cluster, gateway=network.egress_gateway, pools=pools)
