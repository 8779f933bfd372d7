"""Policies of the cluster: enforced where the chart's value says so, and by no chart before 1.20."""

from __future__ import annotations

import pytest

from underlay.networks.known_keys import of_chart

from .samples import cilium

ON = {"values": {"k8sClusterNetworkPolicy": {"enabled": True}}}


# Cilium's documentation, Kubernetes Network Policy (1.20), and cilium/cilium#23380.
@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({}, "if values sets k8sClusterNetworkPolicy.enabled"),
        (ON, "yes"),
        ({"values": {"k8sClusterNetworkPolicy": {"enabled": False}}}, "if values sets k8sClusterNetworkPolicy.enabled"),
        ({"version": "1.19"}, "no"),
    ],
)
def test_the_chart_decides(settings: dict[str, object], word: str) -> None:
    assert cilium("cilium-vxlan", **settings).traits.cluster_policy.word == word


def test_the_chart_has_the_value() -> None:
    assert "k8sClusterNetworkPolicy.enabled" in of_chart("cilium-1.20.0.tsv").paths
