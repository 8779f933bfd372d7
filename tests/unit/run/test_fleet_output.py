"""What a run over many hosts prints: as many lines as there are things to say, not as there are hosts."""

from __future__ import annotations

from typing import Any

import pytest
from pyinfra import logger

from tests.unit.clusters import PaperArtifacts, cluster, network, node
from underlay.inventory.spec import Spec
from underlay.model.node import Role
from underlay.run.connect_problem import connect_problem
from underlay.run.progress import say_unreached
from underlay.run.run import InventoryVariables, Run, Verification
from underlay.run.summary import ROWS, _rest, _shown

WORKERS = 199
SILENT = "no answer on port 22 (timed out); look at the host's console, and at firewalls on the way"


@pytest.fixture
def run() -> Run:
    nodes = (node("cp-1", 1, role=Role.CONTROL_PLANE), *(node(f"w-{n}", n + 1) for n in range(1, WORKERS + 1)))
    spec = Spec(cluster=cluster(nodes=nodes), network=network(), artifacts={}, verify=False)
    return Run(InventoryVariables("x", {}, {}), spec=spec, artifacts=PaperArtifacts())


def test_a_hundred_unreachable_hosts_are_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    monkeypatch.setattr(logger, "error", lines.append)
    run.log.unreached = {f"w-{n}": SILENT for n in range(100)}
    say_unreached(run)
    say_unreached(run)
    assert lines == [f"    w-0, w-1, w-2, w-3 and 96 more: {SILENT}"]


def test_hosts_that_refuse_have_one_reason() -> None:
    from paramiko.ssh_exception import NoValidConnectionsError  # noqa: PLC0415

    def problem(address: str) -> str:
        refused: Any = {(address, 22): ConnectionRefusedError(111, "Connection refused")}
        return connect_problem(NoValidConnectionsError(refused), user="root", port=22)

    assert problem("192.0.2.1") == problem("192.0.2.2")
    assert "Connection refused" in problem("192.0.2.1")


def test_the_summary_has_rows_for_some_and_a_line_for_the_rest(run: Run) -> None:
    assert (len(_shown(run)), _rest(run, _shown(run))) == (ROWS, [f"and {WORKERS + 1 - ROWS} more nodes"])
    run.log.failures = {f"w-{n}": SILENT for n in range(100, 200)}
    shown = _shown(run)
    assert {n.name for n in shown} == {f"w-{n}" for n in range(100, 100 + ROWS)}
    assert _rest(run, shown) == [
        f"w-112, w-113, w-114, w-115 and 84 more: failed: {SILENT}",
        "and 100 more nodes",
    ]


def test_nodes_that_are_well_are_counted(run: Run) -> None:
    names = [n.name for n in run.spec.cluster.nodes]
    run.verification = Verification(nodes={name: {"state": "Ready"} for name in names} | {"w-7": {"state": "NotReady"}})
    shown = _shown(run)
    assert "w-7" in {n.name for n in shown}
    assert _rest(run, shown) == [f"and {WORKERS + 1 - ROWS} more nodes, all Ready"]
