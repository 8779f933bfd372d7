"""ClusterNetworkPolicy is enforced, where the mode enforces any."""

from __future__ import annotations

import pytest

from underlay.verify.network_policies import PolicyCase, PolicyResults
from underlay.verify.target import Target


def test_cluster_policy(target: Target, cluster_policy_results: PolicyResults, cluster_case: PolicyCase) -> None:
    """ClusterNetworkPolicy: each tier decides what it has to decide"""
    without, result = cluster_policy_results.without[cluster_case], cluster_policy_results.enforced[cluster_case]
    if without != "ok":
        pytest.skip(f"not tested: without any policy, {without}")
    assert result == "ok", f"{result}; look at the log of what enforces policies here ({target.spec.enforcer})"
