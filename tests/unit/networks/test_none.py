"""What is specific to none: it does nothing at all."""

from __future__ import annotations

from tests.unit.clusters import cluster
from underlay.model.addon import Addon
from underlay.model.footprint import Traces
from underlay.model.prerequisites import Prerequisites
from underlay.networks.none import NoNetwork


def test_installs_nothing_and_leaves_nothing() -> None:
    network = NoNetwork()
    assert network.addon(cluster()) == Addon()
    assert network.prerequisites(cluster()) == Prerequisites()
    assert network.checks(cluster()) == []
    assert network.traces() == Traces()


def test_provides_no_pod_network() -> None:
    assert not NoNetwork().carries_pods
