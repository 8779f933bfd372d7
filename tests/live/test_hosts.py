"""Every declared resource is present, as found by other means than the deploy's own."""

from __future__ import annotations

from underlay.resources.resource import Resource
from underlay.verify.resource_states import ResourceStates


def test_resource(states: ResourceStates, node: str, resource: Resource) -> None:
    """Host state"""
    problem = states.problem(node, resource)
    assert problem is None, f"{problem}; look at `underlay plan`, and deploy again to repair it"
