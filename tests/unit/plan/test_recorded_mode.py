"""What a mode left is read from a host's record as it was written, whatever the inventory says today."""

from __future__ import annotations

import pytest

from tests.unit.clusters import network
from underlay.networks.registry import modes
from underlay.plan.recorded_mode import mode_line, traces_in


@pytest.mark.parametrize("mode", sorted(modes()))
def test_a_mode_s_traces_are_read_as_they_were_written(mode: str) -> None:
    deployed = modes()[mode](**modes()[mode].example())
    line = mode_line(deployed)
    assert "\n" not in line
    assert traces_in(line) == deployed.traces()


def test_they_are_those_of_the_settings_that_were_deployed() -> None:
    traces = traces_in(mode_line(network("flannel-vxlan", vni=42)))
    assert traces is not None
    assert "flannel.42" in traces.links


def test_a_mode_that_this_release_does_not_know_is_found_by_what_was_written() -> None:
    name, _, rest = mode_line(network("flannel-vxlan")).partition(" ")
    assert traces_in(f"of-a-later-release {rest}") == traces_in(f"{name} {rest}")
    assert traces_in("of-a-later-release") is None


@pytest.mark.parametrize("rest", ["", '{"links": 7}', "{"])
def test_of_a_line_without_readable_traces_the_name_counts(rest: str) -> None:
    assert traces_in(f"flannel-vxlan {rest}".strip()) == network("flannel-vxlan").traces()
