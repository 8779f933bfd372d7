"""NetworkPolicy is enforced, where the mode or an engine beside it enforces any."""

from __future__ import annotations

import pytest

from underlay.verify.network_policies import CASES, PolicyCase, PolicyResults
from underlay.verify.target import Target


@pytest.mark.parametrize("case", CASES, ids=str)
def test_policy(target: Target, policy_results: PolicyResults, case: PolicyCase) -> None:
    """NetworkPolicy: what it allows passes, and everything else is blocked"""
    without, result = policy_results.without[case], policy_results.enforced[case]
    if without != "ok":
        pytest.skip(f"not tested: without any policy, {without}")
    look = f"the log of what enforces policies here ({target.spec.enforcer})"
    assert result == "ok", f"{result}; look at {look}"
