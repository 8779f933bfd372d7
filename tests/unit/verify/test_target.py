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


class Host:
    """A first host that answers kubectl with an exit status and standard error, and keeps what it was given."""

    def __init__(self, rc: int, stderr: str) -> None:
        self.rc, self.stdout, self.stderr = rc, "pods", stderr
        self.commands: list[str] = []

    def run(self, command: str) -> Host:
        self.commands.append(command)
        return self


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        ("refused\nThe connection to the server was refused\n", "The connection to the server was refused"),
        ("", "no answer within 10 s"),
    ],
)
def test_an_api_server_that_does_not_answer_is_asked_once(stderr: str, reason: str) -> None:
    host, made = Host(1, stderr), target()
    made._hosts = {("cp-1", ""): host, ("cp-1", "traffic"): host}
    for lane in ("", "traffic", ""):
        with pytest.raises(AssertionError, match=f"the API server could not be asked on cp-1: {reason}"):
            made.kubectl("get pods", lane=lane)
    assert len(host.commands) == 1


def test_an_api_server_that_answers_is_asked_what_is_wanted() -> None:
    host, made = Host(0, ""), target()
    made._hosts = {("cp-1", ""): host}
    assert [made.kubectl("get pods"), made.kubectl("get pods")] == ["pods", "pods"]
    assert [c.rpartition("conf ")[2] for c in host.commands[1:]] == ["get pods", "get pods"]
