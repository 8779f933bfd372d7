"""The report in a few lines for a terminal: what failed, what was not proven, what is accepted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from .document import Report
from .grouping import by_claim, by_result, repeating
from .outcome import causes_first, suspect

# Lines of failures, names in one line, and characters of a detail; the report has them all.
MOST, NAMED, LONG = 12, 4, 300


def verdict(report: Report) -> str:
    """`verified by 181 checks in 15.7 s`, or why it is not."""
    counts = report.counts
    if report.cut_short:
        return f"NOT verified: {report.cut_short}"
    if report.verdict == "verified":
        return f"verified by {counts.passed} checks in {report.seconds} s"
    if counts.failed:
        return f"{counts.failed} of {counts.passed + counts.failed} checks FAILED"
    return "NOT verified: no check ran"


def failures(report: Report) -> list[str]:
    """What failed, a line for each claim and detail; where these are too many, a line for each claim.

    What is wrong with a host, and fails several claims alike, is one line.
    """
    failed = causes_first(report.of("failed"))
    groups = by_result(failed)
    of_cause = repeating(groups, report.nodes)
    repeated = Counter(dict.fromkeys(of_cause.values(), 0))
    for other, cause in of_cause.items():
        repeated[cause] += len(groups[other])
    kept = [(checks, repeated[i]) for i, checks in enumerate(groups) if i not in of_cause]
    if len(kept) > MOST:
        kept = [(checks, 0) for checks in by_claim(failed).values()]
    lines = [
        f"{checks[0].area}, {named([c.name for c in checks])}: {_short(checks[0].detail)}"
        + (f" ({_count(more, 'check')} of other claims failed by the same)" if more else "")
        for checks, more in kept
    ]
    more = [f"and {len(lines) - MOST} more, in the report"] if len(lines) > MOST else []
    return lines[:MOST] + more


def notes(report: Report) -> list[str]:
    """What the verdict alone does not say: skipped checks by their reason, findings, and where the evidence is."""
    found = [host] if (host := suspect(report.checks)) else []
    if report.only:
        found.append(f"limited to {named(report.only)}: checks of a host alone, no traffic")
    if report.unproven:
        reasons = "; ".join(f"{u.reason} ({u.checks})" for u in report.unproven)
        found.append(f"not proven: {_count(report.counts.skipped, 'check')} skipped: {_short(reasons)}")
    accepted = [f"{f.where}: {f.text} ({f.accepted})" for f in report.findings if f.accepted]
    if accepted:
        found.append(f"accepted: {_short('; '.join(accepted))}")
    if warned := [f for f in report.findings if not f.accepted]:
        found.append(f"findings: {_short('; '.join(f'{f.where}: {f.text}' for f in warned))}")
    if report.files:
        hosts = list(dict.fromkeys(f.host for f in report.files))
        found.append(f"evidence: {_count(len(report.files), 'file')} from {named(hosts)}, next to the report")
    return found


def named(names: Sequence[str]) -> str:
    """The first names, and how many more."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONG else line[: LONG - 1] + "…"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
