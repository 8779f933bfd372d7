"""How hosts are reached: a shell for each lane, or one for all where a host grants no more."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit import clusters
from underlay.inventory.spec import read_spec
from underlay.verify import target as module
from underlay.verify.shell_backend import NoFurtherShell
from underlay.verify.target import Target


def target() -> Target:
    hosts = clusters.hosts()
    return Target(read_spec(hosts, clusters.groups()), hosts)


def test_each_lane_has_one_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def opens(name: str) -> Any:
        opened.append(name)
        return SimpleNamespace()

    monkeypatch.setattr(module, "open_host", opens)
    made = target()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda lane: made.host("cp-1", lane=lane), ["", "traffic", "", "traffic", "speed"]))
    assert opened == ["cp-1"] * 3
    assert found[0] is found[2]
    assert found[0] is not found[1]


def test_all_lanes_share_the_shell_of_a_host_that_grants_one(monkeypatch: pytest.MonkeyPatch) -> None:
    granted: list[str] = []

    def opens(name: str) -> Any:
        if name in granted:
            raise NoFurtherShell(name)
        granted.append(name)
        return SimpleNamespace()

    monkeypatch.setattr(module, "open_host", opens)
    made = target()
    assert made.host("cp-1") is made.host("cp-1", lane="traffic")
    assert made.host("cp-1") is not made.host("w-1")
