"""What cannot be in a mesh: equal numbers and names, overlapping subnets, different data paths."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

from underlay.model.cluster import Cluster

from .features import Features
from .mesh import NAME, RemoteCluster

WHERE = "network.mesh_clusters"


def mesh_conflicts(network: Features, cluster: Cluster) -> Iterator[str]:
    """What is wrong between this cluster and the others, and among the others."""
    if not network.meshed:
        for name in ("cluster_name", "mesh_clusters", "mesh_ca_cert", "mesh_ca_key"):
            if getattr(network, name):
                yield f"network.{name}: is for a mesh, where this cluster has no number; set cluster_id"
        if network.needs_mesh:
            yield f"network.cluster_id: is missing; {network.mode} needs the number of this cluster in the mesh, from 1"
        return
    name = network.mesh_name(cluster)
    if not re.fullmatch(NAME, name) or name == "default":
        yield (
            f"network.cluster_name: {name!r} is no name for a mesh (at most 32 lower-case letters, digits and -, and "
            "not default); set one"
        )
    if network.cluster_id > network.mesh_size:
        yield f"network.cluster_id: {network.cluster_id} is beyond mesh_size {network.mesh_size}; lower it, or use 511"
    if network.foreign_links:
        yield (
            f"network.cluster_id: {network.mode} lays tunnels between the nodes of one cluster, and none to others; "
            "use a mode without, such as cilium-vxlan, in every cluster"
        )
    ca = (bool(network.mesh_ca_cert), network.mesh_ca_key is not None)
    if ca[0] != ca[1]:
        yield "network.mesh_ca_cert: a CA is a certificate and a key; set mesh_ca_cert and mesh_ca_key, or neither"
    if network.mesh_clusters and not any(ca):
        yield (
            "network.mesh_ca_cert: is missing; clusters trust one another by a CA they share, so give all of them the "
            "same mesh_ca_cert and mesh_ca_key"
        )
    for other in network.mesh_clusters:
        yield from _with_us(network, cluster, other)
    for one, other in combinations(network.mesh_clusters, 2):
        yield from _between(one.name, one.id, one.pod_subnets, other)


def _with_us(network: Features, cluster: Cluster, other: RemoteCluster) -> Iterator[str]:
    yield from _between(network.mesh_name(cluster), network.cluster_id, cluster.pod_subnets, other)
    if other.id > network.mesh_size:
        yield f"{WHERE}: {other.name} has the number {other.id}, beyond mesh_size {network.mesh_size}; use 511"
    path = network.path(cluster)
    ours = path.status.removeprefix("Tunnel [").removesuffix("]").lower()
    if other.routing != ours:
        yield f"{WHERE}: {other.name} is routed by {other.routing}, and this cluster by {ours}; a mesh has one of them"
    if other.encryption != network.encryption:
        yield (
            f"{WHERE}: {other.name} is encrypted by {other.encryption}, and this cluster by {network.encryption}; a "
            "mesh has one of them"
        )
    for node in cluster.nodes:
        for subnet in (*other.pod_subnets, *other.node_subnets):
            if node.address in subnet:
                yield f"{WHERE}: {subnet} of {other.name} holds the address of {node.name} ({node.address}); change one"
    for pods in cluster.pod_subnets:
        for subnet in other.node_subnets:
            if _overlap(pods, subnet):
                yield f"{WHERE}: the nodes' {subnet} of {other.name} overlaps our pods' {pods}; change one"
    if ours == "native":
        for subnet in other.pod_subnets:
            if not any(_holds(s, subnet) for s in _subnets(network, cluster)):
                yield (
                    f"network.native_routing_subnet: does not hold {subnet} of {other.name}, whose packets would be "
                    "translated; set one that holds the pods of all clusters"
                )


def _between(name: str, number: int, subnets: tuple[Any, ...], other: RemoteCluster) -> Iterator[str]:
    if other.id == number:
        yield f"{WHERE}: {other.name} and {name} have the number {number} both; every cluster has its own"
    if other.name == name:
        yield f"{WHERE}: two clusters are called {name}; every cluster has its own name"
    for one in subnets:
        for subnet in other.pod_subnets:
            if _overlap(one, subnet):
                yield f"{WHERE}: pods' {subnet} of {other.name} overlaps {one} of {name}; change one"


def _subnets(network: Features, cluster: Cluster) -> Iterator[Any]:
    yield network.native_routing_subnet or cluster.pod_subnet
    yield from cluster.pod_subnets[1:]


def _overlap(one: Any, other: Any) -> bool:
    return bool(one.version == other.version and one.overlaps(other))


def _holds(outer: Any, inner: Any) -> bool:
    return bool(inner.version == outer.version and inner.subnet_of(outer))
