"""What changed between two runs: one thing of an ordinary report is changed, and that alone is reported."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click import UsageError
from click.testing import CliRunner, Result

from underlay.cli.errors import Refused
from underlay.cli.report import report_group
from underlay.report.changes import changes
from underlay.report.changes_text import merged
from underlay.report.document import Report
from underlay.report.observed import ObservedHop, ObservedLink

from .reports import CHECKS, NODES, check, node, path, report, with_failure, with_routers


def changed_lines(before: Report, after: Report) -> list[tuple[str, str, bool | None]]:
    return [(c.kind, c.line, c.worse) for c in changes(before, after)]


def test_two_identical_runs_have_no_change() -> None:
    later = report(time="2026-11-25T05:00:00Z", seconds=99.0)
    assert changed_lines(report(), later) == []


def test_a_check_that_newly_fails_is_worse_and_reported_with_its_detail() -> None:
    assert [c for c in changed_lines(report(), with_failure()) if c[0] != "finding"] == [
        ("verdict", "verdict: verified -> failed", True),
        ("check", "Pod to pod over TCP, w-1 to w-2: passed -> failed (10.244.2.5:8080 does not answer from w-1's pod "
         "(curl: 28); look at tun7 on w-1 and w-2)", True),
    ]  # fmt: skip


def test_what_may_explain_it_comes_before_the_checks() -> None:
    kinds = [kind for kind, *_ in changed_lines(report(), with_failure())]
    assert kinds == ["verdict", "finding", "check"]


def test_a_check_that_passes_again_is_better() -> None:
    found = changed_lines(with_failure(), report())
    assert [worse for kind, _, worse in found if kind in ("verdict", "check")] == [False, False]


def test_a_check_that_is_no_longer_made_is_worse() -> None:
    assert changed_lines(report(), report(checks=CHECKS[1:])) == [
        ("check", "Exactly the inventory's hosts are nodes, the cluster: passed -> absent", True)
    ]


def test_a_new_check_is_reported() -> None:
    more = check("DNS answers", "w-1")
    assert changed_lines(report(), report(checks=[*CHECKS, more])) == [
        ("check", "DNS answers, w-1: absent -> passed", False)
    ]


def test_a_check_that_is_now_skipped_is_worse() -> None:
    skipped = CHECKS[0].model_copy(update={"outcome": "skipped", "detail": "not tested"})
    assert changed_lines(report(), report(checks=[skipped, *CHECKS[1:]])) == [
        ("check", "Exactly the inventory's hosts are nodes, the cluster: passed -> skipped (not tested)", True)
    ]


def test_a_new_check_that_is_skipped_is_neither_better_nor_worse() -> None:
    more = check("DNS answers", "w-1", "skipped", "no DNS here")
    assert changed_lines(report(), report(checks=[*CHECKS, more])) == [
        ("check", "DNS answers, w-1: absent -> skipped (no DNS here)", None)
    ]


def test_checks_of_one_claim_that_changed_the_same_way_are_one_line() -> None:
    more = [check("DNS answers", f"w-{i}", "failed", f"no answer within {i}.5 s") for i in range(6)]
    odd = check("DNS answers", "w-9", "failed", "refused")
    found = merged(changes(report(), report(checks=[*CHECKS, *more, odd])))
    assert [c.line for c in found if c.kind == "check"] == [
        "DNS answers, w-0, w-1, w-2, w-3 and 2 more: absent -> failed (no answer within 0.5 s)",
        "DNS answers, w-9: absent -> failed (refused)",
    ]


@pytest.mark.parametrize(
    ("changed", "kind", "line"),
    [
        ({"versions": {"Kubernetes": ["v1.38.0"], "coredns": ["v1.14.0"]}}, "version", "Kubernetes: v1.37.2 -> v1.38.0"),
        ({"network": report().network.model_copy(update={"pod_mtu": 1400})}, "network", "pod MTU: 1450 -> 1400"),
        ({"nodes": {n: node(n, **({"state": "NotReady"} if n == "w-1" else {})) for n in NODES}}, "node", "w-1 state: Ready -> NotReady"),
        ({"nodes": {n: node(n, **({"links": [ObservedLink(name="eth0", kind="veth", mtu=1500, up=True), ObservedLink(name="tun7", kind="vxlan", mtu=1400, up=True)]} if n == "w-1" else {})) for n in NODES}}, "link", "w-1 tun7: vxlan, MTU 1450, up -> vxlan, MTU 1400, up"),
        ({"nodes": {n: node(n, **({"hops": [ObservedHop(to="cp-1", link="eth0"), node(n).hops[1]]} if n == "w-1" else {})) for n in NODES}}, "route", "w-1 to cp-1: vxlan over tun7 via 10.244.0.0 -> no tunnel over eth0"),
    ],
)  # fmt: skip
def test_reports_what_else_changed(changed, kind: str, line: str) -> None:
    assert changed_lines(report(), report(**changed)) == [(kind, line, None)]


def test_reports_a_session_that_went_down() -> None:
    good = with_routers().model_copy(
        update={
            "sessions": [s.model_copy(update={"state": "Established", "problem": ""}) for s in with_routers().sessions]
        }
    )
    assert changed_lines(good, with_routers()) == [
        ("session", "w-1 - tor-2: Established -> Active / no neighbour (tor-2 has no neighbour 192.0.2.2 (w-1) configured)", None)
    ]  # fmt: skip


def slower(factor: float, *, hosts: float = 1) -> Report:
    faster = {"throughput_mbit": 4000 / factor, "host_throughput_mbit": 8000 / hosts}
    return report(paths=[path(a, b, **faster) for a in NODES for b in NODES])


def test_noise_is_no_change() -> None:
    assert changed_lines(report(), slower(3.9)) == []


def test_a_slow_machine_is_not_a_slow_network() -> None:
    assert changed_lines(report(), slower(5, hosts=5)) == []


def test_hosts_that_were_briefly_busy_are_not_a_fast_network() -> None:
    busy = report(paths=[path(a, b, host_throughput_mbit=1000.0) for a in NODES for b in NODES])
    assert changed_lines(report(), busy) == []


def test_a_path_that_became_slow_relative_to_the_hosts_is_reported() -> None:
    found = changed_lines(report(), slower(5))
    assert found[0] == ("speed", "throughput, same node: 4000 Mbit/s, × 0.50 of hosts' -> 800 Mbit/s, × 0.10 of hosts'", True)  # fmt: skip
    assert len(found) == 3
    assert [worse for *_, worse in changed_lines(slower(5), report())] == [False] * 3


def run(*arguments: str) -> Result:
    return CliRunner().invoke(report_group, arguments, standalone_mode=False)


def kept(directory: Path, **runs: Report) -> Path:
    """A folder for each run, written one after another."""
    for number, (name, made) in enumerate(runs.items()):
        folder = directory / name.replace("_", "-")
        folder.mkdir()
        (folder / "report.json").write_text(made.to_json())
        os.utime(folder / "report.json", (number, number))
    return directory


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    other = report(cluster="other")
    return kept(
        tmp_path, demo_20261125_040000=report(), other_20261125_041500=other, demo_20261125_043000=with_failure()
    )


def code(result: Result) -> int:
    return result.exception.code if isinstance(result.exception, SystemExit) else result.exit_code


def test_compares_the_last_two_runs_of_the_last_cluster(reports: Path) -> None:
    result = run("diff", "--reports", str(reports))
    assert code(result) == 2
    lines = result.output.splitlines()
    assert lines[0].startswith(f"before {reports}/demo-20261125-040000  2026-11-25T04:00:00Z  demo, some-overlay")
    assert lines[1].startswith(f"after  {reports}/demo-20261125-043000")
    assert lines[2:4] == ["verdict", "  - verdict: verified -> failed"]


def test_nothing_changed_is_exit_status_0(reports: Path) -> None:
    folder = str(reports / "demo-20261125-040000")
    result = run("diff", folder, f"{folder}/report.json")
    assert (code(result), result.output.splitlines()[-1]) == (0, "nothing changed")


def test_programs_get_the_changes_as_data(reports: Path) -> None:
    result = run("diff", "--reports", str(reports), "--json")
    assert code(result) == 2
    found = json.loads(result.output)
    assert found["changes"][0] == {"kind": "verdict", "what": "verdict", "before": "verified", "after": "failed", "worse": True}  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["diff", "--reports", "{}/none"], "{}/none: holds no report; run underlay verify INVENTORY, or set --reports"),
        (["diff", "{}/gone", "{}"], "{}/gone: does not exist; underlay report list shows all reports"),
        (["diff", "{}", "{}"], "{}: holds no report.json; underlay report list shows all reports"),
        (["diff", "{}/other-20261125-041500", "--reports", "{}"], "{}/other-20261125-041500: {} holds no other run of other; name AFTER, or verify again"),
        (["show", "{}/half-20261125-044500.partial"], "{}/half-20261125-044500.partial: this verification was interrupted; underlay report list shows all reports"),
    ],
)  # fmt: skip
def test_reports_which_report_cannot_be_read(reports: Path, arguments: list[str], expected: str) -> None:
    (reports / "half-20261125-044500.partial").mkdir()
    with pytest.raises(Refused) as refused:
        CliRunner().invoke(
            report_group, [a.format(reports) for a in arguments], standalone_mode=False, catch_exceptions=False
        )
    assert refused.value.message == expected.format(reports, reports)


@pytest.mark.parametrize("command", ["diff", "show"])
def test_a_wrong_option_does_not_look_like_a_change(command: str) -> None:
    with pytest.raises(UsageError) as refused:
        CliRunner().invoke(report_group, [command, "--verdict"], standalone_mode=False, catch_exceptions=False)
    assert refused.value.exit_code == 1


def test_shows_the_last_run_in_a_few_lines(reports: Path) -> None:
    result = run("show", "--reports", str(reports))
    assert code(result) == 2
    assert result.output.splitlines() == [
        "demo, some-overlay, 2026-11-25T04:00:00Z: 1 of 13 checks FAILED",
        "Pod to pod over TCP, w-1 to w-2: 10.244.2.5:8080 does not answer from w-1's pod (curl: 28); look at tun7 on w-1 and w-2",
        "not proven: 1 check skipped: no provider of LoadBalancers is there (1)",
        "accepted: w-1: swap is on (swap = keep)",
        f"page: {reports}/demo-20261125-043000/report.html",
    ]  # fmt: skip


def test_lists_runs_that_cannot_be_read_too(reports: Path) -> None:
    kept(reports, old_20261124_230000=report())
    old = reports / "old-20261124-230000/report.json"
    old.write_text('{"schema": 1}')
    os.utime(old, (-1, -1))
    lines = [line.split() for line in run("list", "--reports", str(reports)).output.splitlines()]
    assert [line[0].rpartition("/")[2] for line in lines[1:]] == [
        "old-20261124-230000", "demo-20261125-040000", "other-20261125-041500", "demo-20261125-043000",
    ]  # fmt: skip
    assert " ".join(lines[1][1:]).startswith("old schema 1 is not supported")
