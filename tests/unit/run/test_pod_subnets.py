"""A cluster that does not answer has not lost its nodes: no route may be removed because of it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pyinfra.api import Config, Host, State
from pyinfra.context import ctx_state

from tests.unit.local_host import Shell
from underlay.run import pod_subnets
from underlay.run.command import ScriptResult
from underlay.run.pod_subnets import learn_subnets, wait_for_pod_subnets
from underlay.run.run import InventoryVariables, Run, begin

KNOWN = {"w-1": frozenset({"10.244.1.0/24"})}


def learned(
    monkeypatch: pytest.MonkeyPatch, *, ok: bool, out: list[str], err: list[str], joined: tuple[str, ...] = ()
) -> tuple[str | None, dict[str, frozenset[str]]]:
    """The problem and the known subnets after a reply, in a run that already knows a subnet."""
    state = State()
    state.config = Config()
    host = SimpleNamespace(name="cp-1", state=state, data=SimpleNamespace(), current_deploy_kwargs=None)
    run = Run(InventoryVariables("x", {}, {}), spec=cast(Any, None), artifacts=cast(Any, None))
    run.cluster.pod_subnets = dict(KNOWN)
    begin(state, run)
    monkeypatch.setattr(pod_subnets, "run_script", lambda *_: ScriptResult(0 if ok else 1, tuple(out), tuple(err)))
    with ctx_state.use(state):
        return learn_subnets(cast(Host, host), joined=joined), run.cluster.pod_subnets


def test_a_reply_replaces_what_was_known(monkeypatch: pytest.MonkeyPatch) -> None:
    reason, subnets = learned(monkeypatch, ok=True, out=["w-1 10.244.1.0/24", "w-2 10.244.2.0/24"], err=[])
    assert reason is None
    assert subnets == {"w-1": frozenset({"10.244.1.0/24"}), "w-2": frozenset({"10.244.2.0/24"})}


@pytest.mark.parametrize(
    ("ok", "out", "err", "reason"),
    [
        (False, [], ["connection refused"], "connection refused"),
        (False, ["w-2 10.244.2.0/24"], ["cut off"], "cut off"),
        (True, [], [], "the API lists no node"),
    ],
)
def test_no_answer_is_reported_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, ok: bool, out: list[str], err: list[str], reason: str
) -> None:
    problem, subnets = learned(monkeypatch, ok=ok, out=out, err=err)
    assert problem == f"the nodes' pod subnets are unknown ({reason}); check the API server"
    assert subnets == KNOWN


@pytest.mark.parametrize("out", [["w-1 10.244.1.0/24", "w-2 "], ["w-1 10.244.1.0/24"]])
def test_a_node_without_a_subnet_is_reported_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, out: list[str]
) -> None:
    reason, subnets = learned(monkeypatch, ok=True, out=out, err=[], joined=("w-1", "w-2"))
    assert reason == "no pod subnet is assigned to w-2; check its kubelet and kube-controller-manager"
    assert subnets == KNOWN


@pytest.mark.parametrize("before", ["w-1 10.244.1.0/24", "w-1 10.244.1.0/24\\nw-2 ", "w-1 \\nw-2 10.244.2.0/24"])
def test_nodes_that_have_just_joined_are_waited_for(shell: Shell, tmp_path: Path, before: str) -> None:
    requests = tmp_path / "requests"
    after = "w-1 10.244.1.0/24\\nw-2 10.244.2.0/24"
    fakes = f"""
sleep() {{ :; }}
kubectl() {{ echo >>{requests}; if [ $(wc -l <{requests}) -ge 3 ]; then printf '{after}'; else printf '{before}'; fi; }}
"""
    ran = shell.run(fakes + wait_for_pod_subnets(["w-1", "w-2"]))
    assert (ran.rc, ran.stdout) == (0, "w-1 10.244.1.0/24\nw-2 10.244.2.0/24\n")
    assert requests.read_text().count("\n") == 3


def test_a_cluster_that_does_not_answer_is_not_waited_for(shell: Shell) -> None:
    ran = shell.run("sleep() { echo slept; }\nkubectl() { return 7; }\n" + wait_for_pod_subnets(["w-1"]))
    assert (ran.rc, ran.stdout) == (7, "")
