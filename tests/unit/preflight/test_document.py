"""Preflight's findings as JUnit and as a page: every finding is on it, and nothing is taken for markup."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

from underlay.findings.codes import CODES, OF_WIRE
from underlay.findings.finding import Finding, accept, of_host, refusals, verdict
from underlay.preflight.junit import junit_of
from underlay.preflight.page import page_of

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs/preflight.md"
GRAVE = Finding("lane-silent", "a to b", "udp 8472 <is dropped>", "allow it", ("a", "b"))
HOSTS = [{"name": n, "rack": r, "address": f"192.0.2.{i}"} for i, (n, r) in enumerate((("a", "one"), ("b", "two")))]


def document(*findings: Finding, wire: bool = True) -> dict[str, Any]:
    pair = {"path_mtu": 1500, "rtt_ms": 0.4, "hops": 0, "hop": "", "packets": 12, "lanes": {"udp 8472": "silent"}}
    pairs = [{"from": "a", "to": "b", **pair}, {"from": "b", "to": "a", **pair}] if wire else []
    sums = {"pairs": len(pairs), "flows": 2, "open": 0, "not_probed": 0, "path_mtu": 1500, "pod_mtu": 1450}
    return {
        "schema": 1, "cluster": "c", "mode": "m", "verdict": verdict(findings).value, "seconds": 1.0,
        "findings": [f.as_dict() for f in findings], "hosts": HOSTS, "wire": sums, "pairs": pairs, "storage_ms": {},
    }  # fmt: skip


def cases(result: dict[str, Any], child: str) -> set[str]:
    (suite,) = Xml.fromstring(junit_of(result))  # noqa: S314
    return {case.attrib["name"].partition(":")[0] for case in suite if case.find(child) is not None}


def test_what_refuses_is_a_failure_and_what_is_accepted_is_none() -> None:
    assert cases(document(GRAVE), "failure") == {"lane-silent"}
    accepted = accept([GRAVE], {"lane-silent": "it is a lab"})
    assert cases(document(*accepted), "failure") == set()
    assert cases(document(*accepted), "system-out") == {"lane-silent"}


def test_what_was_not_probed_is_skipped_and_not_passed() -> None:
    assert cases(document(wire=False), "skipped") == set(OF_WIRE)
    assert cases(document(), "skipped") == set()


def test_the_page_shows_every_finding_and_takes_nothing_for_markup() -> None:
    page = page_of(document(GRAVE))
    assert "c: refused" in page
    assert "udp 8472 &lt;is dropped&gt;" in page
    assert "<is dropped>" not in page
    assert page.count("<svg") == 3
    assert "http" not in page


def test_many_hosts_with_one_fault_are_one_finding() -> None:
    found = accept([of_host("resolver-missing", f"w-{i}", "it is missing; make it") for i in range(1, 41)], {})
    assert [f.line for f in found] == ["w-1, w-2, w-3, w-4 and 36 more: it is missing; make it"]
    assert len(found[0].hosts) == 40


def test_gravest_first_and_accepted_last() -> None:
    found = accept([of_host("disk-slow", "a", "x"), GRAVE, of_host("sampled", "c", "y")], {"lane-silent": "why not"})
    assert [f.code for f in found] == ["disk-slow", "sampled", "lane-silent"]
    assert refusals(found) == []


def test_every_code_has_a_title_and_a_likely_cause() -> None:
    assert all(code.title and code.cause and not code.cause.endswith(".") for code in CODES.values())


def test_every_code_is_documented_and_found_somewhere() -> None:
    documented = set(re.findall(r"^\| `([a-z0-9-]+)` \| (?:refuses|warns|informs) \|", PAGE.read_text(), re.MULTILINE))
    assert documented == set(CODES)
    code = "".join(path.read_text() for path in ROOT.joinpath("underlay").rglob("*.py") if path.name != "codes.py")
    # Of two hosts with one name or ID, the code begins with the question's name.
    unused = {name for name in CODES if f'"{name}"' not in code and not name.endswith("-duplicate")}
    assert unused == set()
