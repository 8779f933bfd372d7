"""A cluster that does not answer has not lost its nodes: routes must not be taken away because of it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pyinfra.api import Config, Host, State
from pyinfra.context import ctx_state

from tests.unit.local_host import Shell
from underlay.run.pod_subnets import learn_subnets, settled
from underlay.run.run import InventoryVariables, Run, begin

KNOWN = {"w-1": frozenset({"10.244.1.0/24"})}


def learned(
    *, ok: bool, out: list[str], err: list[str], joined: tuple[str, ...] = ()
) -> tuple[str | None, dict[str, frozenset[str]]]:
    """What comes of an answer, in a run that knows a subnet from before."""
    output = SimpleNamespace(stdout_lines=out, stderr_lines=err)
    state = State()
    state.config = Config()
    host = SimpleNamespace(name="cp-1", run_shell_command=lambda *_a, **_k: (ok, output), state=state)
    host.data, host.current_deploy_kwargs = SimpleNamespace(), None
    run = Run(InventoryVariables("x", {}, {}), spec=cast(Any, None), artifacts=cast(Any, None))
    run.cluster.pod_subnets = dict(KNOWN)
    begin(state, run)
    with ctx_state.use(state):
        return learn_subnets(cast(Host, host), joined=joined), run.cluster.pod_subnets


def test_an_answer_is_what_is_known() -> None:
    reason, subnets = learned(ok=True, out=["w-1 10.244.1.0/24", "w-2 10.244.2.0/24"], err=[])
    assert reason is None
    assert subnets == {"w-1": frozenset({"10.244.1.0/24"}), "w-2": frozenset({"10.244.2.0/24"})}


@pytest.mark.parametrize(
    ("ok", "out", "err", "told"),
    [
        (False, [], ["connection refused"], "connection refused"),
        (False, ["w-2 10.244.2.0/24"], ["cut off"], "cut off"),
        (True, [], [], "it names no node"),
    ],
)
def test_no_answer_is_told_and_changes_nothing(ok: bool, out: list[str], err: list[str], told: str) -> None:
    reason, subnets = learned(ok=ok, out=out, err=err)
    assert reason == f"the cluster does not tell its nodes' pod subnets: {told}"
    assert subnets == KNOWN


@pytest.mark.parametrize("out", [["w-1 10.244.1.0/24", "w-2 "], ["w-1 10.244.1.0/24"]])
def test_a_node_without_a_subnet_is_told_and_changes_nothing(out: list[str]) -> None:
    reason, subnets = learned(ok=True, out=out, err=[], joined=("w-1", "w-2"))
    assert reason == "the cluster has given no pod subnet to w-2; are its kubelet and the controllers well?"
    assert subnets == KNOWN


@pytest.mark.parametrize("before", ["w-1 10.244.1.0/24", "w-1 10.244.1.0/24\\nw-2 ", "w-1 \\nw-2 10.244.2.0/24"])
def test_nodes_that_have_just_joined_are_waited_for(shell: Shell, tmp_path: Path, before: str) -> None:
    asked = tmp_path / "asked"
    after = "w-1 10.244.1.0/24\\nw-2 10.244.2.0/24"
    fakes = f"""
sleep() {{ :; }}
kubectl() {{ echo >>{asked}; if [ $(wc -l <{asked}) -ge 3 ]; then printf '{after}'; else printf '{before}'; fi; }}
"""
    ran = shell.run(fakes + settled(["w-1", "w-2"]))
    assert (ran.rc, ran.stdout) == (0, "w-1 10.244.1.0/24\nw-2 10.244.2.0/24\n")
    assert asked.read_text().count("\n") == 3


def test_a_cluster_that_does_not_answer_is_not_waited_for(shell: Shell) -> None:
    ran = shell.run("sleep() { echo slept; }\nkubectl() { return 7; }\n" + settled(["w-1"]))
    assert (ran.rc, ran.stdout) == (7, "")
