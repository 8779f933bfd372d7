"""What report.json says: verdict, what was proven and what not, and that nothing else is taken for a report."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

from underlay.report import outcome
from underlay.report.document import FIRST_ANSWER, CheckResult, Report
from underlay.report.junit import junit
from underlay.report.load import NoReport, read_report
from underlay.report.outcome import counts_of, grouped, sentence, suspect

from .reports import CHECKS, check, report, with_failure, with_routers


@pytest.mark.parametrize("made", [report, with_failure, with_routers])
def test_a_report_is_the_same_after_writing_and_reading(made) -> None:
    assert read_report(made().to_json(), where="r") == made()


def test_the_document_begins_with_the_verdict() -> None:
    assert list(json.loads(report().to_json()))[:3] == ["schema", "verdict", "sentence"]


def test_a_failed_check_fails_the_verification() -> None:
    found = with_failure()
    assert found.verdict == "failed"
    assert found.sentence == "1 of 13 checks failed; 1 check skipped, for the reasons below."


def test_a_run_without_failures_is_verified() -> None:
    found = report(checks=[c for c in CHECKS if c.outcome == "passed"])
    assert (found.verdict, found.sentence) == ("verified", "All 13 checks that ran passed.")


def test_checks_that_passed_only_when_repeated_are_counted() -> None:
    late = check("Pod to pod", "a to b", evidence=[{"name": FIRST_ANSWER, "text": "no answer"}])
    failed = check("Pod to pod", "b to a", "failed", evidence=[{"name": FIRST_ANSWER, "text": "no answer"}])
    checks = [late, failed, check("Pod to pod", "a to c")]
    assert outcome.late(checks) == 1
    assert sentence(counts_of(checks[::2]), late=1) == "All 2 checks that ran passed, 1 of them when repeated."


def test_skipped_checks_alone_prove_nothing() -> None:
    found = report(checks=[c for c in CHECKS if c.outcome == "skipped"])
    assert (found.verdict, found.sentence) == ("failed", "Not verified: no check ran.")


def test_passed_checks_prove_nothing_where_the_run_was_cut_short() -> None:
    found = report(cut_short="it was interrupted")
    assert (found.verdict, found.sentence) == ("failed", "Not verified: it was interrupted.")


def test_an_area_with_a_failure_is_not_proven() -> None:
    assert [p.area for p in with_failure().proven] == ["Exactly the inventory's hosts are nodes", "Host state"]


def test_a_skipped_check_is_not_proven_and_has_its_reason() -> None:
    found = report().unproven
    assert [(u.reason, u.areas, u.checks) for u in found] == [
        ("no provider of LoadBalancers is there", ["A LoadBalancer answers"], 1)
    ]
    assert "A LoadBalancer answers" not in [p.area for p in report().proven]


def test_reasons_that_differ_only_in_a_duration_are_merged() -> None:
    skipped = [check("UDP", f"w-{i}", "skipped", f"not tested: timed out after {i}00 ms") for i in (1, 2)]
    (found,) = report(checks=skipped).unproven
    assert (found.reason, found.checks) == ("not tested: timed out after 100 ms", 2)


def test_what_failed_comes_first_among_groups_areas_and_checks() -> None:
    found = grouped(with_failure().checks)
    assert list(found) == ["Network", "Cluster", "Hosts", "Services"]
    assert next(iter(found["Network"]["Pod to pod over TCP"])).name == "w-1 to w-2"


def failing(*pairs: str) -> list[CheckResult]:
    return [check("Pod to pod", pair, "failed", "no", hosts=pair.split(" to "), traffic=True) for pair in pairs]


def wrong(host: str) -> CheckResult:
    return check("Host state", f"{host}: a route", "failed", "no", hosts=[host])


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        (failing("w-1 to w-2", "w-3 to w-1", "w-1 to w-4"), "w-1 is involved in 3 of 3 failures"),
        (failing("w-1 to w-2", "w-3 to w-1", "w-1 to w-4", "w-5 to w-6"), "w-1 is involved in 3 of 4 failures"),
        (failing("w-1 to w-2", "w-1 to w-3"), ""),
        (failing("w-1 to w-2", "w-2 to w-1", "w-1 to w-2"), ""),
        (failing("w-1 to w-2", "w-1 to w-3", "w-1 to w-4", "w-5 to w-6", "w-6 to w-7", "w-7 to w-8"), ""),
        ([check("Pod to pod", "w-1 to w-2", hosts=["w-1"])] * 5, ""),
        ([*failing("w-1 to w-2", "w-3 to w-1", "w-1 to w-4"), wrong("w-2")], "w-2 is not in the expected state, which may have caused the rest; look there first"),
        ([*failing("w-1 to w-2", "w-3 to w-1", "w-1 to w-4"), wrong("w-2"), wrong("w-3")], "w-1 is involved in 3 of 5 failures"),
        ([wrong("w-2")], ""),
        ([], ""),
    ],
)  # fmt: skip
def test_names_the_host_that_failures_have_in_common(checks: list[CheckResult], expected: str) -> None:
    assert suspect(checks) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "r: not JSON (Expecting property name enclosed in double quotes: line 1 column 2 (char 1)); name a report.json or its folder"),
        ("[]", "r: not a report; verify again with this version"),
        ('{"schema": 1}', "r: schema 1 is not supported (this version reads 2); verify again with this version"),
        (report().to_json().replace('"verified"', '"fine"', 1), "r: verdict: Input should be 'verified' or 'failed'; restore the file as it was written, or verify again"),
        ('{"schema": 2, "verdict": "verified"}', "r: sentence: Field required (and 7 more); restore the file as it was written, or verify again"),
    ],
)  # fmt: skip
def test_reports_why_a_text_is_not_a_report(text: str, expected: str) -> None:
    with pytest.raises(NoReport) as error:
        read_report(text, where="r")
    assert str(error.value) == expected


def test_every_field_of_the_schema_is_in_a_document() -> None:
    whole = json.loads(with_routers().to_json())
    assert set(Report.model_json_schema(by_alias=True)["properties"]) == set(whole)


def suites(made: Report) -> ET.Element:
    return ET.fromstring(junit(made))  # noqa: S314


def test_junit_has_claims_and_not_names_of_functions() -> None:
    suite = suites(with_failure())[0]
    assert (suite.attrib["tests"], suite.attrib["failures"], suite.attrib["skipped"]) == ("14", "1", "1")
    case = next(c for c in suite if c.attrib["name"] == "w-1 to w-2")
    assert case.attrib["classname"] == "Network.Pod to pod over TCP"
    assert case.find("failure").attrib["message"].startswith("10.244.2.5:8080 does not answer")
    assert case.find("system-out").text == "--- ip route\n<default> via 192.0.2.254"
    skipped = [c for c in suite if c.find("skipped") is not None]
    assert [c.find("skipped").attrib["message"] for c in skipped] == ["no provider of LoadBalancers is there"]


def test_junit_replaces_characters_that_xml_cannot_carry() -> None:
    odd = check("Host state", "cp-1", "failed", "text \x1b[31m<red>&\x00")
    case = suites(report(checks=[odd]))[0][0]
    assert case.find("failure").text == "text \ufffd[31m<red>&\ufffd"


def test_junit_has_an_error_where_the_run_was_cut_short() -> None:
    found = suites(report(cut_short="it was interrupted"))
    assert found.attrib["errors"] == "1"
    assert [c.find("error").attrib["message"] for c in found[0] if c.find("error") is not None] == [
        "it was interrupted"
    ]
