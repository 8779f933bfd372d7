"""The charts that networks are delivered by."""

from __future__ import annotations

from underlay.artifacts.upstream import chart_key
from underlay.catalog.example_cluster import charts, example_of
from underlay.networks.registry import modes


def test_every_chart_of_a_mode_is_to_be_pinned_once() -> None:
    found = charts()
    assert len(set(found)) == len(found)
    for mode in modes():
        network, cluster = example_of(mode)
        assert {r.chart for r in network.addon(cluster).releases} <= set(found)


def test_every_chart_can_be_looked_up() -> None:
    for chart in charts():
        assert chart_key(chart.name, chart.version, chart.repository).startswith(("https://", "oci://"))
