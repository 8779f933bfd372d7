"""What replaces an egress gateway in open-source Calico, and what each replacement does and does not provide.

namespace-pools: pods of a namespace have addresses of a dedicated range and keep them outside, where a firewall can
match them. No single address, no gateway node; the routers have to have the pod routes.
node-addresses: a node's pods leave with this source address of the node instead of its main one. No selection of pods.
gateway-node: pods of a namespace leave through one node and with one source address, whichever node they run on. While
that node is down, they reach nothing outside. Underlay configures the hosts, which update it every few seconds.
The egress gateways of Calico Enterprise and Cilium select pods by labels and fail over; these do not.
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

# The settings of each replacement.
_READS = {
    "none": (),
    "namespace-pools": ("egress_pools",),
    "node-addresses": ("egress_addresses",),
    "gateway-node": ("egress_pools", "egress_gateway", "egress_addresses"),
}
# The maximum number of pools that the operator accepts.
_POOLS_MAX = 25


def problems(network: CalicoMode, cluster: Cluster) -> Iterator[str]:
    """Why the configured replacement cannot work."""
    read = _READS[network.egress]
    for name in _READS["gateway-node"]:
        if getattr(network, name) and name not in read:
            yield f"network.{name}: has no effect with egress {network.egress!r}; remove it, or change egress"
        elif name in read and not getattr(network, name):
            yield f"network.{name}: is missing, and egress {network.egress!r} requires it; set it"
    if network.egress == "none":
        return
    names = {n.name for n in cluster.nodes}
    for setting, node in [("egress_addresses", n) for n in network.egress_addresses] + (
        [("egress_gateway", network.egress_gateway)] if network.egress_gateway else []
    ):
        if names and node not in names:
            yield f"network.{setting}: unknown node (it is {node}); use one of {', '.join(sorted(names))}"
    yield from _pool_problems(network, cluster)
    yield from _replacement_problems(network, cluster)


def _pool_problems(network: CalicoMode, cluster: Cluster) -> Iterator[str]:
    if cluster.pod_subnet.version == 6:
        yield f"network.egress: {network.egress} supports IPv4 only, and pod_subnet is IPv6; remove it"
        return
    if len(network.egress_pools) + len(network.pools(cluster)) > _POOLS_MAX:
        yield f"network.egress_pools: too many for the operator (it is {len(network.egress_pools)}); use 23 or less"
    upper = list(cluster.pod_subnet.subnets())[-1]
    checked: list[tuple[str, IPv4Network]] = []
    for namespace, pool in network.egress_pools.items():
        where = f"network.egress_pools: {namespace} has {pool}"
        if not pool.subnet_of(upper):
            yield f"{where}, which is not in the upper half of pod_subnet; choose a range of {upper}"
        if pool.prefixlen > POOL_BLOCK - 1:
            yield f"{where}, which is too small for blocks of /{POOL_BLOCK} per node; use a /{POOL_BLOCK - 1} or larger"
        for other, range_ in checked:
            if pool.overlaps(range_):
                yield f"{where}, which overlaps {range_} of {other}; choose another"
        checked.append((namespace, pool))


def _replacement_problems(network: CalicoMode, cluster: Cluster) -> Iterator[str]:
    where = f"network.egress: {network.egress}"
    if network.egress_pools and network.host_local(cluster):
        yield f"{where} requires Calico's IPAM, and pods have addresses of their node's podCIDR; remove it"
    if network.egress == "namespace-pools" and not network.peers_with_routers:
        yield (
            f"{where} requires routers with pod routes, and {network.mode} has no BGP with routers; use calico-bgp, "
            "or egress gateway-node"
        )
    if network.egress == "node-addresses" and not network.nat_outgoing:
        yield f"{where} requires nat_outgoing, whose source address it sets; set nat_outgoing"
    if network.egress == "node-addresses" and network.ebpf:
        yield f"{where} requires the data plane iptables or nftables; use data_plane auto"
    if network.egress != "gateway-node":
        return
    if network.overlay is None or network.overlay.encapsulation != "VXLAN" or network.overlay.cross_subnet:
        yield f"{where} requires VXLAN between all nodes, which {network.mode} does not have; use calico-vxlan"
    if network.ebpf or network.encrypts:
        what = "eBPF" if network.ebpf else "WireGuard"
        yield f"{where} bypasses {what}, so that its packets are routed and in the clear; remove one of them"
    if network.egress_gateway and network.egress_gateway not in network.egress_addresses:
        yield f"network.egress_addresses: has none for {network.egress_gateway}; add the source address of its pods"
    for node in network.egress_addresses:
        if network.egress_gateway and node != network.egress_gateway:
            yield f"network.egress_addresses: {node} is not the egress_gateway; remove its address"


def namespaces(network: CalicoMode) -> tuple[Object, ...]:
    """Namespaces whose pods have a dedicated range; server-side apply makes Underlay own the annotation only."""
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
    """Configuration of Felix, per node; the pools are in the Installation."""
    if network.egress != "node-addresses":
        return ()
    return tuple(
        calico("FelixConfiguration", f"node.{node}", {"natOutgoingAddress": str(address)})
        for node, address in network.egress_addresses.items()
    )


def resources(network: CalicoMode, cluster: Cluster, node: Node) -> tuple[Resource, ...]:
    """What a node needs for its part of gateway-node."""
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
    """Checks of gateway-node on every node."""
    if network.egress != "gateway-node":
        return []
    pools = [str(pool) for pool in network.egress_pools.values()]
    return egress_gateway_node.checks(cluster, gateway=network.egress_gateway, pools=pools)
