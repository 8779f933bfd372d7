"""Which ways through the network are tried: every pair of nodes both ways, or a sample of a large cluster."""

from __future__ import annotations

from typing import NamedTuple

from underlay.model.cluster import Cluster

# Past this many nodes each is paired with its neighbours and one node of every rack, not with all.
ALL_PAIRS = 20

SAME_NODE, SAME_RACK, ACROSS_RACKS = "same node", "same rack", "across racks"


class PodPath(NamedTuple):
    """From a pod of one node to a pod of another, by one IP version; `beside` where it is not the cluster's first."""

    one: str
    other: str
    version: int
    beside: bool = False

    @property
    def label(self) -> str:
        """What it is called in questions that are asked on `one`."""
        return f"{self.other}, IPv{self.version}" if self.beside else self.other

    def __str__(self) -> str:
        return f"{self.one} to {self.label}"


def pairs(cluster: Cluster) -> list[tuple[str, str]]:
    """Directed pairs of nodes that are tried: every node as a source and as a target, every pair of racks."""
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
    """The pairs, by every IP version that pods have addresses of."""
    first, *beside = cluster.families
    found = [PodPath(a, b, first) for a, b in pairs(cluster)]
    return found + [PodPath(a, b, version, beside=True) for version in beside for a, b in pairs(cluster)]


def paths_from(cluster: Cluster, node: str) -> list[PodPath]:
    """The paths of one node, those to the nodes after it first: not all nodes ask the first at the same time."""
    names = [n.name for n in cluster.nodes]
    own = names.index(node)
    found = [p for p in paths(cluster) if p.one == node]
    return sorted(found, key=lambda p: (p.beside, (names.index(p.other) - own) % len(names)))


def kind(cluster: Cluster, path: PodPath) -> str:
    """Where its ends stand to one another."""
    if path.one == path.other:
        return SAME_NODE
    return SAME_RACK if cluster.node(path.one).rack == cluster.node(path.other).rack else ACROSS_RACKS
