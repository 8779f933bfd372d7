"""The healthy clusters that mutations are made in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import dual_stack_mutations
from .fabric import FABRIC, ROUTED
from .fabric_mutations import fabric_mutations
from .mutations import Mutation, mutations


@dataclass(frozen=True)
class Ground:
    """`lab` are the fields of its lab, `cluster` the variables of its inventory."""

    lab: dict[str, Any]
    cluster: dict[str, Any]
    mutations: list[Mutation]


OVERLAY = "flannel-vxlan"
GROUNDS = {
    OVERLAY: Ground(
        {"name": "racks", "network": "10.90.0.0/16", "workers": 2, "racks": 2},
        {"network": {"mode": OVERLAY}},
        mutations(OVERLAY, link="flannel.1", port=8472, pods="10.244.0.0/16"),
    ),
    "routed by BGP": Ground(FABRIC, ROUTED, fabric_mutations()),
    "flannel-vxlan dual stack, one segment": Ground(
        dual_stack_mutations.LAB,
        {"network": {"mode": OVERLAY}, **dual_stack_mutations.SUBNETS},
        dual_stack_mutations.dual_stack_mutations(),
    ),
}
