"""Every declared resource is there, asked by other means than the deploy's own."""

from __future__ import annotations

from tasks.resources.resource import Resource

from .target import Target


def test_resource(target: Target, node: str, resource: Resource) -> None:
    """Host state"""
    problem = resource.check(target.host(node))
    assert problem is None, f"{problem}; look at `underlay plan`, and deploy again to mend it"
