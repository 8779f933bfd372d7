"""What is said of combinations that nobody tests."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.clusters import hosts
from underlay.inventory.spec import read_spec
from underlay.inventory.untested import untested

GROUPS = {"control_plane": ("cp-1",), "workers": ("w-1",)}


def said(kubernetes: str, **network: Any) -> list[str]:
    variables = {n: v for n, v in hosts(kubernetes_version=kubernetes, network=network).items() if n in ("cp-1", "w-1")}
    return untested(read_spec(variables, GROUPS))


# docs.tigera.io and docs.cilium.io, tables of tested versions.
@pytest.mark.parametrize(
    ("kubernetes", "network", "vendor"),
    [
        ("v1.37.2", {"mode": "calico-vxlan", "version": "3.32"}, "calico-vxlan v3.32.4 is tested by its vendor with Kubernetes 1.34 to 1.36"),
        ("v1.36.4", {"mode": "calico-vxlan", "version": "3.32"}, ""),
        ("v1.37.2", {"mode": "calico-vxlan", "version": "3.33"}, ""),
        ("v1.37.2", {"mode": "cilium-vxlan"}, "cilium-vxlan 1.20.2 is tested by its vendor with Kubernetes 1.33 to 1.36"),
        ("v1.36.4", {"mode": "cilium-vxlan"}, ""),
        ("v1.37.2", {"mode": "flannel-vxlan"}, ""),
    ],
)  # fmt: skip
def test_a_combination_that_no_vendor_tests_is_said(kubernetes: str, network: dict[str, Any], vendor: str) -> None:
    line = f"kubernetes_version: {vendor} (it is {kubernetes}); nobody promises this combination"
    assert said(kubernetes, **network) == ([line] if vendor else [])
