"""A host that cannot be reached keeps no other from being verified, and nobody waits for it in vain."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit import clusters
from underlay.inventory.spec import read_spec
from underlay.verify import target as module
from underlay.verify.readiness import patience_s, wait_for_kube_proxy
from underlay.verify.target import Target
from underlay.verify.timeouts import START_TIMEOUT_S


def target(monkeypatch: pytest.MonkeyPatch, *, gone: str = "") -> tuple[Target, list[str]]:
    """A cluster, and the names of hosts on which something was run."""
    ran: list[str] = []

    def opens(name: str) -> Any:
        def run(_: str) -> SimpleNamespace:
            if name == gone:
                raise AssertionError(f"{name}: no answer on port 22 (timed out)")
            ran.append(name)
            return SimpleNamespace(rc=0, stdout="", stderr="")

        return SimpleNamespace(run=run)

    monkeypatch.setattr(module, "open_host", opens)
    hosts = clusters.hosts()
    return Target(read_spec(hosts, clusters.groups()), hosts), ran


def test_a_host_that_is_gone_ends_no_wait_for_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    made, ran = target(monkeypatch, gone="w-1")
    wait_for_kube_proxy(made)
    assert sorted(ran) == ["cp-1", "w-2"]


def test_what_is_on_a_host_that_is_gone_is_waited_for_less(monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = target(monkeypatch)
    assert (made.silent, patience_s(made)) == (frozenset(), START_TIMEOUT_S)
    made, _ = target(monkeypatch, gone="w-1")
    assert (made.silent, patience_s(made)) == ({"w-1"}, START_TIMEOUT_S / 3)
