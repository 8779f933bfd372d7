"""Conflicts in a mesh: equal IDs and names, overlapping subnets, different data paths."""

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
    """Conflicts between this cluster and the others, and among the others."""
    if not network.meshed:
        for name in ("cluster_name", "mesh_clusters", "mesh_ca_cert", "mesh_ca_key"):
            if getattr(network, name):
                yield f"network.{name}: applies to a mesh, of which this cluster is no member; set cluster_id"
        if network.needs_mesh:
            yield f"network.cluster_id: is missing; {network.mode} needs the ID of this cluster in the mesh, from 1"
        return
    name = network.mesh_name(cluster)
    if not re.fullmatch(NAME, name) or name == "default":
        yield (
            f"network.cluster_name: not a valid name in a mesh (it is {name!r}); use at most 32 lower-case letters, "
            "digits and -, and not default"
        )
    if network.cluster_id > network.mesh_size:
        yield (
            f"network.cluster_id: exceeds mesh_size (it is {network.cluster_id}); "
            f"use {network.mesh_size} or less, or mesh_size 511"
        )
    if network.foreign_links:
        yield (
            f"network.cluster_id: {network.mode} has tunnels between the nodes of one cluster only; "
            "use another mode, such as cilium-vxlan, in every cluster"
        )
    ca = (bool(network.mesh_ca_cert), network.mesh_ca_key is not None)
    if ca[0] != ca[1]:
        yield "network.mesh_ca_cert: a CA has a certificate and a key; set mesh_ca_cert and mesh_ca_key, or neither"
    if network.mesh_clusters and not any(ca):
        yield (
            "network.mesh_ca_cert: is missing, and the clusters trust one another by a shared CA; set the same "
            "mesh_ca_cert and mesh_ca_key in all of them"
        )
    for other in network.mesh_clusters:
        yield from _with_this_cluster(network, cluster, other)
    for one, other in combinations(network.mesh_clusters, 2):
        yield from _between(one.name, one.id, one.pod_subnets, other)


def _with_this_cluster(network: Features, cluster: Cluster, other: RemoteCluster) -> Iterator[str]:
    yield from _between(network.mesh_name(cluster), network.cluster_id, cluster.pod_subnets, other)
    if other.id > network.mesh_size:
        yield f"{WHERE}: the ID of {other.name} exceeds mesh_size (it is {other.id}); use mesh_size 511"
    path = network.path(cluster)
    own = path.status.removeprefix("Tunnel [").removesuffix("]").lower()
    if other.routing != own:
        yield f"{WHERE}: {other.name} has the data path {other.routing}, and this cluster {own}; use the same"
    if other.encryption != network.encryption:
        yield (
            f"{WHERE}: {other.name} has the encryption {other.encryption}, and this cluster {network.encryption}; "
            "use the same"
        )
    for node in cluster.nodes:
        for subnet in (*other.pod_subnets, *other.node_subnets):
            if node.address in subnet:
                yield f"{WHERE}: {subnet} of {other.name} contains {node.address} of {node.name}; change one"
    for pods in cluster.pod_subnets:
        for subnet in other.node_subnets:
            if _overlap(pods, subnet):
                yield f"{WHERE}: the node subnet {subnet} of {other.name} overlaps the pod subnet {pods}; change one"
    if own == "native":
        for subnet in other.pod_subnets:
            if not any(_holds(s, subnet) for s in _subnets(network, cluster)):
                yield (
                    f"network.native_routing_subnet: does not contain {subnet} of {other.name}, whose packets would be "
                    "masqueraded; set one that contains the pods of all clusters"
                )


def _between(name: str, number: int, subnets: tuple[Any, ...], other: RemoteCluster) -> Iterator[str]:
    if other.id == number:
        yield f"{WHERE}: {other.name} and {name} have the same ID (it is {number}); give each cluster a unique ID"
    if other.name == name:
        yield f"{WHERE}: two clusters have the same name (it is {name}); give each cluster a unique name"
    for one in subnets:
        for subnet in other.pod_subnets:
            if _overlap(one, subnet):
                yield f"{WHERE}: the pod subnet {subnet} of {other.name} overlaps {one} of {name}; change one"


def _subnets(network: Features, cluster: Cluster) -> Iterator[Any]:
    yield network.native_routing_subnet or cluster.pod_subnet
    yield from cluster.pod_subnets[1:]


def _overlap(one: Any, other: Any) -> bool:
    return bool(one.version == other.version and one.overlaps(other))


def _holds(outer: Any, inner: Any) -> bool:
    return bool(inner.version == outer.version and inner.subnet_of(outer))
