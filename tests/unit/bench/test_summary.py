"""What the bench reads off the end of a run: a figure must not come from a line that says something else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.bench.measure import BenchError
from tests.bench.summary import changes_by_pyinfra, read_summary, unchanged
from tests.unit.clusters import spec
from underlay.run.run import InventoryVariables, Run, Verification
from underlay.run.summary import show_summary

SECOND = """\
network: flannel-vxlan (VXLAN between nodes), pods 10.244.0.0/16, pod MTU 1450; not verified
changes: none; at most 1 SSH executions on a host
seconds: Connect 0.5, Query hosts 1.0; all 1.6
kubeconfig: .underlay/lab/kubeconfig
"""
FIRST = """\
network: none (nothing), pods 10.244.0.0/16; verified by 148 checks in 10.5 s
changes: cp-1 8, w-1 4; at most 12 SSH executions on a host
seconds: Connect 2.1, Install container runtime 2.2, Verify 10.8; all 52.9
"""


def table(total: str) -> str:
    return f"""\
--> Results:
    Operation    Hosts   Success   Error   No Change
    Query hosts  3       -         -       3
    \x1b[1mGrand total\x1b[0m  {total}
"""


def test_reads_a_run_without_changes() -> None:
    found = read_summary(SECOND)
    assert found.changed == {}
    assert found.executions == 1
    assert found.phases == {"Connect": 0.5, "Query hosts": 1.0}
    assert found.seconds == 1.6
    assert found.checks == 0


def test_reads_a_run_that_changed_and_verified() -> None:
    found = read_summary(f"\x1b[1mcolours\x1b[0m do not matter\n{FIRST}")
    assert found.changed == {"cp-1": 8, "w-1": 4}
    assert found.executions == 12
    assert found.phases == {"Connect": 2.1, "Install container runtime": 2.2, "Verify": 10.8}
    assert found.checks == 148


def test_a_failed_verification_counts_no_checks() -> None:
    failed = FIRST.replace("verified by 148 checks in 10.5 s", "3 of 151 checks FAILED")
    assert read_summary(failed).checks == 0


@pytest.mark.parametrize("line", ["changes", "seconds"])
def test_tells_which_line_is_missing(line: str) -> None:
    text = "\n".join(kept for kept in SECOND.splitlines() if not kept.startswith(line))
    with pytest.raises(BenchError, match=f"no line of its {line}"):
        read_summary(text)


def test_reads_what_the_deploy_really_prints(capsys: pytest.CaptureFixture[str]) -> None:
    nothing: Any = None
    run = Run(InventoryVariables("lab.py", {}, {}), spec=spec(), artifacts=nothing)
    run.log.changes = {"cp-1": ["init", "join"], "w-1": ["join"], "w-2": []}
    run.log.executions = {"cp-1": 3, "w-1": 2}
    run.log.phases = [("Connect", 0.4), ("Query hosts", 1.04), ("Preflight", 0.01)]
    run.verification = Verification("verified by 12 checks in 3 s")
    show_summary(run, cast(Any, SimpleNamespace(is_executing=True)))
    found = read_summary(capsys.readouterr().err)
    assert found.changed == {"cp-1": 2, "w-1": 1}
    assert found.executions == 3
    assert found.phases == {"Connect": 0.4, "Query hosts": 1.0}
    assert found.checks == 12


def test_no_change_of_any_host_is_a_run_without_changes() -> None:
    assert unchanged(table("36      -         -       36")) is None


@pytest.mark.parametrize(("total", "count"), [("36 3 - 33", 3), ("36 - 1 35", 1), ("36 2 1 33", 3)])
def test_a_change_or_an_error_is_not_a_run_without_changes(total: str, count: int) -> None:
    assert changes_by_pyinfra(table(total)) == count
    assert unchanged(table(total)) == f"not a run without changes: {count} in pyinfra's table"


def test_a_table_that_misses_hosts_does_not_count() -> None:
    assert unchanged(table("36 - - 33")) == "pyinfra's table does not add up: Grand total  36 - - 33"


def test_no_table_does_not_count() -> None:
    assert unchanged("No hosts remaining!") == "pyinfra printed no table of results"
