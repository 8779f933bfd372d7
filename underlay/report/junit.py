"""The report as JUnit XML, in the words of the report: a CI server then shows claims, not names of functions."""

from __future__ import annotations

from underlay.junit_xml import Case, junit_xml

from .document import CheckResult, Report


def junit(report: Report) -> str:
    cases = [_case(check) for check in report.checks]
    if report.cut_short:
        cases.append(Case("underlay", "every check ran", result="error", message=report.cut_short))
    suite = f"{report.cluster} ({report.network.mode})"
    return junit_xml("underlay verify", cases, seconds=report.seconds, suite=suite, timestamp=report.time.rstrip("Z"))


def _case(check: CheckResult) -> Case:
    # Servers cut a class name at its dots.
    area = check.area.replace(".", "·")
    named = not check.group or area.startswith(f"{check.group}:")
    classname = area if named else f"{check.group}.{area}"
    if check.outcome == "failed":
        first = check.detail.splitlines()[0] if check.detail else "it failed"
        kept = "\n\n".join(f"--- {e.name}\n{e.text}" for e in check.evidence)
        return Case(classname, check.name, check.seconds, "failure", first, check.detail, kept)
    if check.outcome == "skipped":
        return Case(classname, check.name, check.seconds, "skipped", check.detail)
    return Case(classname, check.name, check.seconds)
