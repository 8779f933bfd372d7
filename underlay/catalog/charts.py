"""The charts that networks are delivered by: what there is to pin, and to put into a bundle."""

from __future__ import annotations

from underlay.model.addon import Chart
from underlay.networks.registry import modes

from .example_cluster import example_of


def charts() -> tuple[Chart, ...]:
    """The charts of each mode that has some, in the version it has by itself; each once."""
    addons = (network.addon(cluster) for network, cluster in map(example_of, modes()))
    return tuple(dict.fromkeys(release.chart for addon in addons for release in addon.releases))
