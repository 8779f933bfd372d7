"""Commands start sooner, and find what is installed all the same."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from importlib import metadata

import pytest

from underlay.cli.start import start_sooner


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A mark for each time that all installed packages are looked through."""
    found: list[str] = []
    threshold, distributions = gc.get_threshold(), metadata.distributions

    def noted() -> object:
        found.append("looked")
        return distributions()

    # The plain function, whether a command ran in this process before or not.
    plain = getattr(metadata.entry_points, "__wrapped__", metadata.entry_points)
    monkeypatch.setattr(metadata, "entry_points", plain)
    monkeypatch.setattr(metadata, "distributions", noted)
    yield found
    gc.set_threshold(*threshold)


def test_installed_packages_are_looked_through_once(looks: list[str]) -> None:
    connectors = {e.name for e in metadata.entry_points(group="pyinfra.connectors")}
    assert looks == ["looked"]
    start_sooner()
    start_sooner()
    for _ in range(3):
        assert {e.name for e in metadata.entry_points(group="pyinfra.connectors")} == connectors
    assert {"lab", "vm", "ssh"} <= connectors
    assert looks == ["looked"] * 2


@pytest.mark.usefixtures("looks")
def test_a_deploy_of_many_hosts_still_has_its_garbage_collected() -> None:
    start_sooner()
    assert gc.isenabled()
    assert 10_000 <= gc.get_threshold()[0] <= 100_000
