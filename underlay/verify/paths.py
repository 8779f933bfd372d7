"""The paths between pods that are probed: every pair of nodes in both directions, or a sample of a large cluster."""

from __future__ import annotations

from typing import NamedTuple

from underlay.model.cluster import Cluster

# Past this many nodes each is paired with its neighbours and one node of every rack, not with all.
ALL_PAIRS = 20

SAME_NODE, SAME_RACK, ACROSS_RACKS = "same node", "same rack", "across racks"


class PodPath(NamedTuple):
    """From a pod of one node to a pod of another, by one IP version; `secondary` if not the cluster's first."""

    one: str
    other: str
    version: int
    secondary: bool = False

    @property
    def label(self) -> str:
        """What probes on `one` call it."""
        return f"{self.other}, IPv{self.version}" if self.secondary else self.other

    def __str__(self) -> str:
        return f"{self.one} to {self.label}"


def pairs(cluster: Cluster) -> list[tuple[str, str]]:
    """Directed pairs of nodes that are probed: every node as a source and as a target, every pair of racks."""
    nodes = cluster.nodes
    if len(nodes) <= ALL_PAIRS:
        return [(a.name, b.name) for a in nodes for b in nodes]
    first_of = {n.rack: n.name for n in reversed(nodes)}
    found = dict[tuple[str, str], None]()
    for i, a in enumerate(nodes):
        for b in (a.name, nodes[(i + 1) % len(nodes)].name, nodes[i - 1].name, *first_of.values()):
            found[(a.name, b)] = None
    return list(found)


def paths(cluster: Cluster) -> list[PodPath]:
    """The pairs, by every IP version of the cluster."""
    first, *others = cluster.families
    found = [PodPath(a, b, first) for a, b in pairs(cluster)]
    return found + [PodPath(a, b, version, secondary=True) for version in others for a, b in pairs(cluster)]


def paths_from(cluster: Cluster, node: str) -> list[PodPath]:
    """The paths of one node, those to the nodes after it first: not all nodes probe the first at the same time."""
    names = [n.name for n in cluster.nodes]
    own = names.index(node)
    found = [p for p in paths(cluster) if p.one == node]
    return sorted(found, key=lambda p: (p.secondary, (names.index(p.other) - own) % len(names)))


def kind(cluster: Cluster, path: PodPath) -> str:
    """Its class: how far its ends are apart."""
    if path.one == path.other:
        return SAME_NODE
    return SAME_RACK if cluster.node(path.one).rack == cluster.node(path.other).rack else ACROSS_RACKS
