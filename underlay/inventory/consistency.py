"""Consistency between variables that are each valid: addresses, subnets, control plane, cloud."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from underlay.model.cluster import NODE_PREFIX, Cluster
from underlay.model.routes import Routes
from underlay.networks.network import Network

from .host_names import unusable
from .variables import ClusterVariables

# What kubeadm accepts: PodSubnetNodeMaskMaxDiff and MaximumBitsForServiceSubnet of its constants.
_POD_BITS = 16
_SERVICE_BITS = 20
_API_PORT = 6443
# What else listens on a control-plane host.
_TAKEN_PORTS = {2379: "etcd", 2380: "etcd", 10250: "the kubelet", 10256: "kube-proxy", 10257: "the controller manager",
                10259: "the scheduler"}  # fmt: skip


def inconsistencies(cluster: Cluster, variables: ClusterVariables, bad: set[str], *, members: int) -> Iterator[str]:
    """Every problem between valid variables.

    :param bad: names of invalid variables, which are not compared.
    :param members: number of control-plane hosts, including those with problems.
    """
    yield from _addresses(cluster)
    yield from _control_plane(variables, bad, members)
    if variables.control_plane_endpoint is not None and "control_plane_endpoint" not in bad:
        yield from _endpoint_of_a_node(cluster)
    subnets = {n: getattr(cluster, n) for n in ("pod_subnet", "service_subnet") if n not in bad}
    yield from _one_family(cluster, subnets)
    yield from _dual_stack(cluster, variables, bad)
    if "cloud" not in bad:
        yield from _cloud(cluster)
    if len(subnets) == 2 and _overlap(cluster.pod_subnet, cluster.service_subnet):
        yield f"service_subnet: {cluster.service_subnet} overlaps pod_subnet {cluster.pod_subnet}; choose another"
    for name, subnet in subnets.items():
        for node in cluster.nodes:
            if node.address in subnet:
                yield f"{name}: {subnet} contains the address of {node.name} ({node.address}); choose another"
    if "pod_subnet" in subnets:
        yield from _pod_room(cluster)
    if "service_subnet" in subnets:
        yield from _service_room(cluster)


def load_balancer_problems(cluster: Cluster, variables: ClusterVariables, network: Network) -> Iterator[str]:
    """What is wrong with the provider of addresses for Services, given the network that its pods have."""
    if variables.load_balancer is None:
        return
    if network.carries_pods:
        yield from variables.load_balancer.problems(cluster)
    else:
        yield f"load_balancer: its provider runs in pods, and {network.mode} carries none; leave it out"


def network_policy_problems(cluster: Cluster, variables: ClusterVariables, network: Network) -> Iterator[str]:
    """What is wrong with the policy engine, given the network that it stands beside."""
    if variables.network_policy is not None:
        enforcer = network.traits.policy
        yield from variables.network_policy.problems(cluster, mode=network.mode, enforcer=enforcer)


def _addresses(cluster: Cluster) -> Iterator[str]:
    owners: dict[Any, str] = {}
    for node in cluster.nodes:
        for name, address in (("address", node.address), ("address_v6", node.address_v6)):
            if address is None:
                continue
            if why := unusable(address):
                unreached = f"no other host reaches an address that is {why} (it is {address})"
                yield f"hosts.{node.name}.{name}: {unreached}; use one that all hosts reach"
            if address in owners:
                yield f"hosts.{node.name}.{name}: {address} is also {owners[address]}'s; give every host its own"
            owners.setdefault(address, node.name)


def _control_plane(variables: ClusterVariables, bad: set[str], members: int) -> Iterator[str]:
    if members and members % 2 == 0:
        yield (
            f"control_plane: {members} etcd members tolerate no more failures than {members - 1}; "
            f"use {members - 1} or {members + 1} hosts"
        )
    if members > 1 and variables.control_plane_endpoint is None and "control_plane_endpoint" not in bad:
        yield (
            f"control_plane_endpoint: is missing; {members} control-plane hosts need the address of the load balancer "
            "in front of them"
        )


def _endpoint_of_a_node(cluster: Cluster) -> Iterator[str]:
    """An endpoint that is the address of a node on which no API answers while the first one is initialised."""
    if cluster.api_port in _TAKEN_PORTS and any(cluster.api_host in map(str, n.addresses) for n in cluster.nodes):
        taken = f"{cluster.api_port} of {cluster.api_host} is the port of {_TAKEN_PORTS[cluster.api_port]}"
        yield f"control_plane_endpoint: {taken}; use {_API_PORT}, or the port of a load balancer"
    for node in cluster.nodes:
        mine = cluster.api_host in map(str, node.addresses) and cluster.api_port == _API_PORT
        if mine and not node.is_control_plane:
            yield (
                f"control_plane_endpoint: {cluster.api_host} is the address of {node.name}, a worker; use that of "
                "the load balancer in front of the control plane"
            )
        elif mine and node != cluster.first:
            yield (
                f"control_plane_endpoint: {cluster.api_host} is the address of {node.name}, where no API answers "
                f"before {cluster.first.name} has one; use that of the load balancer in front of them"
            )


def _pod_room(cluster: Cluster) -> Iterator[str]:
    prefix = NODE_PREFIX[cluster.pod_subnet.version]
    room = 2 ** max(prefix - cluster.pod_subnet.prefixlen, -1) if cluster.pod_subnet.prefixlen <= prefix else 0
    if room < len(cluster.nodes):
        yield (
            f"pod_subnet: {cluster.pod_subnet} has room for {int(room)} nodes of a /{prefix} each, and there are "
            f"{len(cluster.nodes)}; use a larger one"
        )
    if prefix - cluster.pod_subnet.prefixlen > _POD_BITS:
        most = f"nodes of a /{prefix} each; use a /{prefix - _POD_BITS} or smaller"
        yield f"pod_subnet: {cluster.pod_subnet} is too large for {most}"


def _service_room(cluster: Cluster) -> Iterator[str]:
    smallest = cluster.service_subnet.max_prefixlen - _SERVICE_BITS
    if cluster.service_subnet.num_addresses < 16:
        yield f"service_subnet: {cluster.service_subnet} is too small (DNS is its tenth address); use a /24"
    elif cluster.service_subnet.prefixlen < smallest:
        yield f"service_subnet: {cluster.service_subnet} is too large; use a /{smallest} or smaller"


def _one_family(cluster: Cluster, subnets: Mapping[str, Any]) -> Iterator[str]:
    """Addresses, pods and Services are all IPv4 or all IPv6."""
    first = cluster.nodes[0]
    for name, subnet in subnets.items():
        if subnet.version != first.address.version:
            yield (
                f"{name}: {subnet} is IPv{subnet.version}, and the address of {first.name} is IPv"
                f"{first.address.version} ({first.address}); use one family"
            )
    for node in cluster.nodes:
        if node.address.version != first.address.version:
            yield (
                f"hosts.{node.name}.address: {node.address} is IPv{node.address.version}, and that of {first.name} is "
                f"IPv{first.address.version}; use one family"
            )


def _dual_stack(cluster: Cluster, variables: ClusterVariables, bad: set[str]) -> Iterator[str]:
    """Dual stack, IPv4 first: pods, Services and every node, or none of them."""
    pods, services = variables.pod_subnet_v6, variables.service_subnet_v6
    if bad & {"pod_subnet_v6", "service_subnet_v6"}:
        return
    if (pods is None) != (services is None):
        missing, there = ("pod", "service") if pods is None else ("service", "pod")
        yield f"{missing}_subnet_v6: is missing; a dual-stack cluster has it and {there}_subnet_v6, or neither"
        return
    if pods is None or services is None:
        for node in cluster.nodes:
            if node.address_v6:
                yield f"hosts.{node.name}.address_v6: is for dual stack (there is no pod_subnet_v6); leave it out"
        return
    if cluster.pod_subnet.version == 6:
        yield "pod_subnet_v6: pod_subnet is IPv6 already; leave it out, or make pod_subnet the IPv4 one"
    if pods.overlaps(services):
        yield f"service_subnet_v6: {services} overlaps pod_subnet_v6 {pods}; choose another"
    if not NODE_PREFIX[6] - _POD_BITS <= pods.prefixlen <= NODE_PREFIX[6]:
        yield f"pod_subnet_v6: {pods} is cut into /{NODE_PREFIX[6]}s; use a /{NODE_PREFIX[6] - _POD_BITS} to a /56"
    if services.prefixlen < 128 - _SERVICE_BITS or services.num_addresses < 16:
        yield f"service_subnet_v6: {services} is too large or too small; use a /{128 - _SERVICE_BITS} to a /112"
    for node in cluster.nodes:
        if node.address_v6 is None:
            yield f"hosts.{node.name}.address_v6: is missing; every node of a dual-stack cluster has one"
        elif node.address_v6 in pods or node.address_v6 in services:
            inside = "is inside a subnet of the cluster; choose another address"
            yield f"hosts.{node.name}.address_v6: {node.address_v6} {inside}"


def _cloud(cluster: Cluster) -> Iterator[str]:
    if cluster.routes is Routes.CLOUD and cluster.cloud is None:
        yield (
            "cloud: is missing; routes by the cloud need to know which, e.g. "
            '{"provider": "aws", "region": "…", "route_tables": ["rtb-…"]}'
        )
    if cluster.cloud is None:
        return
    if cluster.routes is not Routes.CLOUD:
        yield f'cloud: routes are {cluster.routes.value!r} and need no cloud; leave it out, or set routes = "cloud"'
    elif cluster.cloud.provider == "aws" and len(cluster.nodes) > cluster.cloud.route_limit:
        yield (
            f"cloud.route_limit: {len(cluster.nodes)} nodes need a route each, and a table holds "
            f"{cluster.cloud.route_limit}; raise the quota and the limit, or use an overlay"
        )


def _overlap(one: Any, other: Any) -> bool:
    return bool(one.version == other.version and one.overlaps(other))
