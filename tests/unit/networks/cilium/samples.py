"""Cilium's modes for tests: all with their examples, and the combinations of features."""

from __future__ import annotations

from itertools import product
from typing import Any

from tests.unit.clusters import network
from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.networks.cilium.cilium import Cilium
from underlay.networks.registry import modes

MODES = sorted(name for name, kind in modes().items() if issubclass(kind, Cilium))
KEY = "0123456789abcdef0123456789abcdef01234567"
CA = {"mesh_ca_cert": "-----BEGIN CERTIFICATE-----", "mesh_ca_key": "-----BEGIN PRIVATE KEY-----"}
WEST = {
    "name": "west",
    "id": 2,
    "addresses": ["198.51.100.1"],
    "pod_subnets": ["10.245.0.0/16"],
    "node_subnets": ["198.51.100.0/24"],
    "routing": "vxlan",
}
POLICY = {"name": "fixed", "pods": {"egress": "fixed"}, "gateway": "w-1", "address": "192.0.2.200"}

# Settings of features that can be combined, each first without the feature.
FEATURES: tuple[tuple[dict[str, Any], ...], ...] = (
    ({}, {"encryption": "wireguard", "node_encryption": True, "strict_encryption": True},
     {"encryption": "ipsec", "ipsec_key": KEY}),
    ({}, {"kube_proxy_replacement": True}, {"socket_lb": True, "socket_lb_host_only": True},
     {"kube_proxy_replacement": True, "bpf_masquerade": True, "egress_gateway": True, "egress_policies": [POLICY]}),
    ({}, {"cluster_id": 1, "cluster_name": "east", "mesh_clusters": [WEST], **CA}),
    ({}, {"hubble": True, "tunnel_port": 9999}),
)  # fmt: skip


def cilium(mode: str, **settings: Any) -> Cilium:
    made = network(mode, **settings)
    assert isinstance(made, Cilium)
    return made


def combinations() -> list[dict[str, Any]]:
    """Every combination of features; a mode may refuse some."""
    merged = []
    for parts in product(*FEATURES):
        settings: dict[str, Any] = {}
        for part in parts:
            settings |= part
        merged.append(settings)
    return merged


def check(made: Cilium, cluster: Cluster, name: str, node: str = "cp-1") -> Check:
    return next(c for c in made.checks(cluster) if c.name == name and c.node == node)


def without(mode: str, settings: dict[str, Any]) -> dict[str, Any]:
    """The settings without those that define the mode."""
    return {name: value for name, value in settings.items() if name not in modes()[mode].named_for}  # type: ignore[attr-defined]
