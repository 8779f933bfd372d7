"""Every declared resource is there, asked by other means than the deploy's own."""

from __future__ import annotations

from underlay.resources.resource import Resource
from underlay.verify.resource_states import States


def test_resource(states: States, node: str, resource: Resource) -> None:
    """Host state"""
    problem = states.problem(node, resource)
    assert problem is None, f"{problem}; look at `underlay plan`, and deploy again to mend it"
