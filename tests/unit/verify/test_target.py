"""How hosts are reached: the first connection is open before another shell is."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit import clusters
from underlay.inventory.spec import read_spec
from underlay.verify import target as module
from underlay.verify.target import Target


def target(tmp_path: Path) -> Target:
    hosts = clusters.hosts()
    return Target(read_spec(hosts, clusters.groups()), hosts, directory=tmp_path)


def test_shells_opened_at_once_wait_for_the_first_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected: list[str] = []

    def connected(command: str) -> None:
        time.sleep(0.02)
        expected.append("connected")

    def opened(name: str, **_: Any) -> Any:
        expected.append("opened")
        return SimpleNamespace(run=connected)

    monkeypatch.setattr(module, "open_host", opened)
    made = target(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda lane: made.host("cp-1", lane=lane), ["", "traffic", "", "traffic", "speed"]))
    assert expected == ["opened", "connected"] * 3
    assert found[0] is found[2]


def test_a_host_that_does_not_answer_is_an_error_of_its_first_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(command: str) -> None:
        raise AssertionError("cp-1 does not answer over SSH")

    monkeypatch.setattr(module, "open_host", lambda name, **_: SimpleNamespace(run=silent))
    host = target(tmp_path).host("cp-1")
    with pytest.raises(AssertionError, match="does not answer"):
        host.run("true")
