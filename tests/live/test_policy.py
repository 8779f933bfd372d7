"""NetworkPolicy is enforced, where the mode says that it enforces any."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from underlay.verify import network_policies, traffic
from underlay.verify.network_policies import CASES, Case
from underlay.verify.target import Target
from underlay.verify.traffic_results import TrafficResults

Found = tuple[dict[Case, str], dict[Case, str]]


@pytest.fixture(scope="session")
def enforced(target: Target, under_way: Future[TrafficResults] | None) -> Found:
    """What became of each connection without any policy, and with them."""
    network = target.spec.network
    if not network.traits.policy:
        pytest.skip(f"mode {network.mode} enforces no NetworkPolicy: what policies forbid passes")
    assert under_way is not None
    under_way.result()
    places = network_policies.start(target, traffic.image_of(target))
    before = network_policies.ask(target, places, open_=True)
    network_policies.lay(target, places)
    return before, network_policies.ask(target, places)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_policy(target: Target, enforced: Found, case: Case) -> None:
    """NetworkPolicy: what it allows passes, and what it does not allow does not"""
    before, after = enforced
    if before[case] != "ok":
        pytest.skip(f"not asked: without any policy, {before[case]}")
    look = f"the log of what enforces policies here ({target.spec.network.traits.policy})"
    assert after[case] == "ok", f"{after[case]}; look at {look}"
