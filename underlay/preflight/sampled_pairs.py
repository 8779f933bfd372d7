"""Which pairs of hosts are probed: all of them, or beyond 50 hosts a sample with every host and every pair of racks."""

from __future__ import annotations

from collections.abc import Sequence

from underlay.model.node import Node

ALL_UP_TO = 50


def sampled_pairs(nodes: Sequence[Node]) -> frozenset[tuple[str, str]]:
    """Directed pairs of nodes by name."""
    if len(nodes) <= ALL_UP_TO:
        return frozenset((a.name, b.name) for a in nodes for b in nodes if a != b)
    # Steps that double reach every distance round the ring; both directions, as a path may be shut in one.
    steps = [2**i for i in range(len(nodes).bit_length() - 1)]
    found = {(a.name, nodes[(i + s) % len(nodes)].name) for i, a in enumerate(nodes) for s in steps}
    racks: dict[str, list[str]] = {}
    for node in nodes:
        racks.setdefault(node.rack, []).append(node.name)
    for i, (rack, members) in enumerate(racks.items()):
        for j, (other, others) in enumerate(racks.items()):
            if rack != other:
                found.add((members[j % len(members)], others[i % len(others)]))
            elif len(members) > 1:
                found.add((members[0], members[1]))
    return frozenset(found | {(b, a) for a, b in found})
