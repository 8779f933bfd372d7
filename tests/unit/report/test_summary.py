"""What a terminal shows of a report: few lines, with all that matters; and how a run's folder is written."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.unit.clusters import node, spec
from underlay.report.document import EvidenceFile
from underlay.report.summary import failures, notes, verdict
from underlay.run.live_tests import run_folder
from underlay.run.run import InventoryVariables, Run, Verification
from underlay.run.summary import show_summary

from .reports import CHECKS, check, report, with_failure


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (report(), "verified by 13 checks in 14.2 s"),
        (with_failure(), "1 of 13 checks FAILED"),
        (report(cut_short="it was interrupted"), "NOT verified: it was interrupted"),
        (report(checks=[c for c in CHECKS if c.outcome == "skipped"]), "NOT verified: no check ran"),
    ],
)
def test_says_the_verdict(made, expected: str) -> None:
    assert verdict(made) == expected


def test_identical_failures_are_one_line() -> None:
    same = [check("Pod to pod", f"w-{i} to w-0", "failed", f"no answer\nwithin {3000 + i} ms") for i in range(1, 8)]
    made = report(checks=[*same, check("Pod to pod", "w-9 to w-0", "failed", "refused")])
    assert failures(made) == [
        "Pod to pod, w-1 to w-0, w-2 to w-0, w-3 to w-0, w-4 to w-0 and 3 more: no answer within 3001 ms",
        "Pod to pod, w-9 to w-0: refused",
    ]


def test_what_a_dead_host_fails_is_one_line_and_what_else_fails_another() -> None:
    dead = "w-1: it cannot be reached (Connection refused); see what `ssh -v` says"
    checks = [
        check("Cluster", "w-1", "failed", f"192.0.2.1:6443: {dead}"),
        check("Cluster, clocks", "w-1", "failed", f"{dead}; look at `timedatectl` on w-1"),
        check("Host state", "w-1: a module", "failed", dead),
        check("Host state", "w-1: a file", "failed", dead),
        check("Host state", "w-2: a file", "failed", dead.replace("w-1", "w-2")),
        check("Pods start", "w-1", "failed", "no server pod on w-1"),
    ]
    assert failures(report(checks=checks)) == [
        f"Host state, w-1: a module, w-1: a file: {dead} (2 checks of other claims failed by the same)",
        f"Host state, w-2: a file: {dead.replace('w-1', 'w-2')}",
        "Pods start, w-1: no server pod on w-1",
    ]


def test_wrong_state_comes_before_the_traffic_that_fails_of_it() -> None:
    traffic = check("Pod to pod", "w-1 to w-2", "failed", "no answer", traffic=True)
    made = report(checks=[traffic, check("Host state", "w-1: a route", "failed", "missing")])
    assert [line.partition(",")[0] for line in failures(made)] == ["Host state", "Pod to pod"]


def test_many_failures_leave_room_for_the_rest() -> None:
    made = report(checks=[check(f"claim {i}", "the cluster", "failed", "no " * 200) for i in range(20)])
    assert len(failures(made)) == 13
    assert failures(made)[-1] == "and 8 more, in the report"
    assert max(map(len, failures(made))) < 350


def test_where_there_are_too_many_a_claim_is_one_line() -> None:
    checks = [check(f"claim {i % 3}", f"w-{i}", "failed", f"observed {i}x") for i in range(15)]
    assert failures(report(checks=checks)) == [
        "claim 0, w-0, w-3, w-6, w-9 and 1 more: observed 0x",
        "claim 1, w-1, w-4, w-7, w-10 and 1 more: observed 1x",
        "claim 2, w-2, w-5, w-8, w-11 and 1 more: observed 2x",
    ]


def test_notes_say_what_the_verdict_alone_does_not() -> None:
    files = [EvidenceFile(host=h, what=w, path="x", bytes=1) for h in ("w-1", "w-2") for w in ("links", "routes")]
    assert notes(with_failure().model_copy(update={"files": files})) == [
        "not proven: 1 check skipped: no provider of LoadBalancers is there (1)",
        "accepted: w-1: swap is on (swap = keep)",
        "evidence: 4 files from w-1, w-2, next to the report",
    ]


def test_a_plain_success_has_no_notes() -> None:
    assert notes(report(checks=[c for c in CHECKS if c.outcome == "passed"])) == []


def shown(capsys: pytest.CaptureFixture[str], number: int, wrong: str = "") -> list[str]:
    nothing: Any = None
    nodes = tuple(node(f"w-{i}", i + 2) for i in range(number))
    run = Run(InventoryVariables("lab.py", {}, {}), spec=spec(nodes=nodes), artifacts=nothing)
    run.verification = Verification(
        nodes={n.name: {"state": "NotReady" if n.name == wrong else "Ready", "version": "v1.37.2"} for n in nodes},
        notes=["not proven: 3 checks skipped: [reason]"],
        report="x",
    )
    run.cluster.kubeconfig = "x"
    show_summary(run, cast(Any, SimpleNamespace(is_executing=True)))
    return capsys.readouterr().err.splitlines()


def test_the_summary_of_a_large_cluster_fits_a_screen(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, 40, wrong="w-37")
    assert len(lines) <= 24
    assert [line.split()[0] for line in lines if "NotReady" in line] == ["w-37"]
    assert "and 28 more nodes, all Ready" in lines


def test_the_summary_of_a_small_one_has_every_node(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, 12)
    assert [line.split()[0] for line in lines if "v1.37.2" in line] == [f"w-{i}" for i in range(12)]
    assert not [line for line in lines if "nodes more" in line]
    assert "not proven: 3 checks skipped: [reason]" in lines


def test_a_folder_gets_its_name_when_it_is_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with run_folder("demo") as (partial, directory):
        assert (partial.name, directory.exists()) == (f"{directory.name}.partial", False)
        (partial / "report.json").write_text("{}")
    assert (directory / "report.json").read_text() == "{}"
    assert not partial.exists()


def test_two_runs_in_one_second_get_a_folder_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("time.strftime", lambda _: "20261125-040000")
    for _ in range(3):
        with run_folder("demo") as (partial, _directory):
            (partial / "report.json").write_text("{}")
    assert sorted(p.name for p in Path("reports").iterdir()) == [
        "demo-20261125-040000", "demo-20261125-040000-2", "demo-20261125-040000-3",
    ]  # fmt: skip


def test_two_runs_begun_in_one_second_do_not_share_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("time.strftime", lambda _: "20261125-040000")
    with run_folder("demo") as (one, _), run_folder("demo") as (other, _):
        assert one != other


def test_a_run_without_files_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with run_folder("demo"):
        pass
    assert list(Path("reports").iterdir()) == []


def stopped() -> None:
    with run_folder("demo") as (partial, _directory):
        (partial / "report.json").write_text("{}")
        raise KeyboardInterrupt


def test_an_interrupted_run_keeps_its_partial_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert [p.name.endswith(".partial") for p in Path("reports").iterdir()] == [True]
