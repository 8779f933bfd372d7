"""What only none does: nothing at all."""

from __future__ import annotations

from tasks.cluster.addon import Addon
from tasks.cluster.prerequisites import Prerequisites
from tasks.cluster.traces import Traces
from tasks.networks.none import NoNetwork
from tests.unit.clusters import cluster


def test_lays_nothing_down_and_leaves_nothing() -> None:
    network = NoNetwork()
    assert network.addon(cluster()) == Addon()
    assert network.prerequisites(cluster()) == Prerequisites()
    assert network.checks(cluster()) == []
    assert network.traces() == Traces()


def test_promises_no_pod_network() -> None:
    assert not NoNetwork().carries_pods
