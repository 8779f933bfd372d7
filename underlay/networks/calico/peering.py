"""BGP peerings as objects: AS numbers on Nodes, BGPPeers, the filter of routes to and from routers.

The design was tested: no mesh, sessions within the rack, and from each node to the routers of its rack. A node
announces only its own pods to routers: when it re-advertised routes of others, routers sent all traffic through one
node, in a loop.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from underlay.model.addon import Object
from underlay.model.bgp import Bgp, Router
from underlay.model.cluster import Cluster
from underlay.model.node import Node

from .judges import AS_NUMBER
from .objects import NAMESPACE, calico, marked_node

RACK_LABEL = "underlay/rack"
REFLECTOR_LABEL = "underlay/reflector"
REFLECTOR = "projectcalico.org/RouteReflectorClusterID"
FILTER = "routers"
SECRET = "calico-bgp"  # noqa: S105
_KEY = "password"


def reflectors(bgp: Bgp, nodes: tuple[Node, ...], rack: str) -> tuple[Node, ...]:
    """The nodes of a rack that are route reflectors."""
    return tuple(n for n in nodes if n.rack == rack and n.name in bgp.reflectors)


def rack_mates(cluster: Cluster, bgp: Bgp, node: Node) -> tuple[Node, ...]:
    """The nodes of its rack that a node has sessions with: all, or the route reflectors if there are any."""
    mates = tuple(n for n in cluster.nodes if n.rack == node.rack and n != node)
    reflecting = reflectors(bgp, cluster.nodes, node.rack)
    return tuple(n for n in mates if n in reflecting) if reflecting and node not in reflecting else mates


def routers_of(cluster: Cluster, bgp: Bgp) -> tuple[Router, ...]:
    """The routers that nodes peer with: those of racks with nodes."""
    return tuple(r for r in bgp.routers if r.rack in cluster.racks)


def shares_as(bgp: Bgp, cluster: Cluster, rack: str) -> bool:
    """Whether nodes of another rack have the same AS, so that their routes have it in the AS path."""
    return any(bgp.as_numbers[other] == bgp.as_numbers[rack] for other in cluster.racks if other != rack)


def nodes(cluster: Cluster, bgp: Bgp) -> Iterator[Object]:
    """Each node's AS number as an annotation of its Node, which calico-node reads at start."""
    for node in cluster.nodes:
        reflects = node.name in bgp.reflectors
        yield marked_node(
            node.name,
            labels={RACK_LABEL: node.rack, **({REFLECTOR_LABEL: "true"} if reflects else {})},
            annotations={
                AS_NUMBER: str(bgp.as_number(node)),
                **({REFLECTOR: bgp.cluster_id} if reflects else {}),
            },
        )


def secret(bgp: Bgp) -> Iterator[Object]:
    """The sessions' password in calico-node's namespace, and calico-node's permission to read it."""
    if not bgp.password:
        return
    where = {"name": SECRET, "namespace": NAMESPACE}
    rbac = "rbac.authorization.k8s.io"
    yield {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": NAMESPACE, "labels": {"pod-security.kubernetes.io/enforce": "privileged"}},
    }
    yield {"apiVersion": "v1", "kind": "Secret", "metadata": where, "stringData": {_KEY: bgp.password}}
    yield {
        "apiVersion": f"{rbac}/v1",
        "kind": "Role",
        "metadata": where,
        "rules": [
            {"apiGroups": [""], "resources": ["secrets"], "resourceNames": [SECRET], "verbs": ["get", "list", "watch"]}
        ],
    }
    yield {
        "apiVersion": f"{rbac}/v1",
        "kind": "RoleBinding",
        "metadata": where,
        "roleRef": {"apiGroup": rbac, "kind": "Role", "name": SECRET},
        "subjects": [{"kind": "ServiceAccount", "name": "calico-node", "namespace": NAMESPACE}],
    }


def filters(cluster: Cluster) -> Object:
    """A node tells routers nothing that its peers told it; it accepts pod routes only.

    What else it announces is for Calico's own filter, which this one comes before: the node's blocks, addresses that it
    borrowed of others, and Services. A rule that accepts the pod subnet would announce each pod's own /32 as well.
    """
    spec: dict[str, Any] = {}
    for pods in cluster.pod_subnets:
        version = pods.version
        spec[f"exportV{version}"] = [{"action": "Reject", "source": "RemotePeers"}]
        spec[f"importV{version}"] = [
            {"action": "Accept", "matchOperator": "In", "cidr": str(pods)},
            {"action": "Reject"},
        ]
    return calico("BGPFilter", FILTER, spec)


def peers(cluster: Cluster, bgp: Bgp) -> Iterator[Object]:
    """A BGPPeer for the nodes of each rack, and one for each router."""
    for rack in cluster.racks:
        here = f"{RACK_LABEL} == '{rack}'"
        if sum(n.rack == rack for n in cluster.nodes) > 1:
            reflecting = reflectors(bgp, cluster.nodes, rack)
            others = f"{here} && has({REFLECTOR_LABEL})" if reflecting else here
            within = {"nodeSelector": here, "peerSelector": others, **_session(bgp)}
            yield calico("BGPPeer", f"{slug(rack)}-nodes", within)
    for router in routers_of(cluster, bgp):
        spec: dict[str, Any] = {
            "nodeSelector": f"{RACK_LABEL} == '{router.rack}'",
            "peerIP": str(router.address),
            "asNumber": router.as_number,
            "filters": [FILTER],
        }
        if shares_as(bgp, cluster, router.rack):
            spec["numAllowedLocalASNumbers"] = 1
        if bgp.ttl_security:
            spec["ttlSecurity"] = 1
        yield calico("BGPPeer", f"{slug(router.rack)}-{slug(router.name)}", {**spec, **_session(bgp)})


def _session(bgp: Bgp) -> dict[str, Any]:
    found: dict[str, Any] = {"keepaliveTime": f"{bgp.keepalive}s"}
    if bgp.password:
        found["password"] = {"secretKeyRef": {"name": SECRET, "key": _KEY}}
    return found


def slug(name: str) -> str:
    """A rack's or router's name as part of a Kubernetes object's name."""
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.") or "x"
