"""The report as JUnit XML, in the words of the report: a CI server then shows claims, not names of functions."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from .document import Check, Report

# What XML 1.0 cannot carry at all.
_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: Report) -> str:
    counts = report.counts
    shared = {
        "tests": str(len(report.checks) + int(bool(report.cut_short))),
        "failures": str(counts.failed),
        "skipped": str(counts.skipped),
        "errors": str(int(bool(report.cut_short))),
        "time": f"{report.seconds:.1f}",
    }
    suites = ET.Element("testsuites", {"name": "underlay verify", **shared})
    name = _fit(f"{report.cluster} ({report.network.mode})")
    suite = ET.SubElement(suites, "testsuite", {"name": name, "timestamp": report.time.rstrip("Z"), **shared})
    for check in report.checks:
        suite.append(_case(check))
    if report.cut_short:
        case = ET.SubElement(suite, "testcase", {"classname": "underlay", "name": "every check ran", "time": "0"})
        ET.SubElement(case, "error", {"message": _fit(report.cut_short)})
    ET.indent(suites, " ")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def _case(check: Check) -> ET.Element:
    # Servers cut a class name at its dots.
    area = check.area.replace(".", "·")
    named = not check.group or area.startswith(f"{check.group}:")
    classname = _fit(area if named else f"{check.group}.{area}")
    case = ET.Element("testcase", {"classname": classname, "name": _fit(check.name), "time": f"{check.seconds:.3f}"})
    if check.outcome == "failed":
        first = check.seen.splitlines()[0] if check.seen else "it failed"
        ET.SubElement(case, "failure", {"message": _fit(first)}).text = _fit(check.seen)
        if check.evidence:
            told = "\n\n".join(f"--- {e.name}\n{e.text}" for e in check.evidence)
            ET.SubElement(case, "system-out").text = _fit(told)
    elif check.outcome == "skipped":
        ET.SubElement(case, "skipped", {"message": _fit(check.seen)})
    return case


def _fit(text: str) -> str:
    return _UNFIT.sub("\ufffd", text)
