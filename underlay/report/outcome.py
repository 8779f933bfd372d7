"""The outcome of all checks: counts, what was proven, what was not, and the sentence people read first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from .document import FIRST_ANSWER, OUTCOMES, CheckResult, Counts, Proven, Unproven
from .grouping import without_durations

# As many failures of one host are more than chance.
STANDS_OUT = 3


def counts_of(checks: Iterable[CheckResult]) -> Counts:
    outcomes = [c.outcome for c in checks]
    return Counts(**{o: outcomes.count(o) for o in OUTCOMES})


def proven(checks: Iterable[CheckResult]) -> list[Proven]:
    """Areas of which at least one check ran and none failed, in the order of the checks."""
    passed: dict[tuple[str, str], int] = {}
    failed = set()
    for check in checks:
        where = (check.group, check.area)
        if check.outcome == "failed":
            failed.add(where)
        elif check.outcome == "passed":
            passed[where] = passed.get(where, 0) + 1
    return [Proven(group=g, area=a, checks=n) for (g, a), n in passed.items() if (g, a) not in failed]


def unproven(checks: Iterable[CheckResult]) -> list[Unproven]:
    """Skipped checks, those with one reason together."""
    found: dict[str, list[CheckResult]] = {}
    for check in checks:
        if check.outcome == "skipped":
            found.setdefault(without_durations(check.detail), []).append(check)
    return [
        Unproven(
            reason=skipped[0].detail or "no reason was given",
            areas=list(dict.fromkeys(c.area for c in skipped)),
            checks=len(skipped),
        )
        for skipped in found.values()
    ]


def late(checks: Iterable[CheckResult]) -> int:
    """How many checks passed only when they were repeated."""
    return sum(c.outcome == "passed" and any(e.name == FIRST_ANSWER for e in c.evidence) for c in checks)


def sentence(counts: Counts, *, late: int = 0, cut_short: str = "") -> str:
    """The verdict in words; `cut_short` is why not all checks ran."""
    if cut_short:
        return f"Not verified: {cut_short}."
    ran = counts.passed + counts.failed
    if not ran:
        return "Not verified: no check ran."
    left = f"; {_checks(counts.skipped)} skipped, for the reasons below" if counts.skipped else ""
    if counts.failed:
        return f"{counts.failed} of {_checks(ran)} failed{left}."
    twice = f", {late} of them when repeated" if late else ""
    return f"All {_checks(ran)} that ran passed{twice}{left}."


def is_verified(counts: Counts, *, cut_short: str = "") -> bool:
    return bool(counts.passed and not counts.failed and not cut_short)


def grouped(checks: Sequence[CheckResult]) -> dict[str, dict[str, list[CheckResult]]]:
    """Group -> area -> its checks; failures come first among groups, areas and checks."""
    found: dict[str, dict[str, list[CheckResult]]] = {}
    for check in checks:
        found.setdefault(check.group, {}).setdefault(check.area, []).append(check)
    return {
        group: {
            area: sorted(members, key=lambda c: OUTCOMES.index(c.outcome))
            for area, members in sorted(areas.items(), key=lambda a: _has_passed(a[1]))
        }
        for group, areas in sorted(found.items(), key=lambda g: all(map(_has_passed, g[1].values())))
    }


def causes_first(checks: Iterable[CheckResult]) -> list[CheckResult]:
    """Wrong state may be why packets do not pass, so its checks come before those that send any."""
    return sorted(checks, key=lambda c: c.traffic)


def suspect(checks: Iterable[CheckResult]) -> str:
    """Where to look first, in a sentence; empty where nothing stands out."""
    failed = [c for c in checks if c.outcome == "failed"]
    wrong = {c.hosts[0] for c in failed if len(c.hosts) == 1 and not c.traffic}
    if len(wrong) == 1 and len(failed) > 1:
        return f"{wrong.pop()} is not in the expected state, which may have caused the rest; look there first"
    tally = Counter(host for c in failed for host in set(c.hosts))
    (host, number), (_, second) = [*tally.most_common(2), ("", 0), ("", 0)][:2]
    if number < STANDS_OUT or number * 2 <= len(failed) or number == second:
        return ""
    return f"{host} is involved in {number} of {len(failed)} failures"


def _has_passed(checks: Iterable[CheckResult]) -> bool:
    return not any(c.outcome == "failed" for c in checks)


def _checks(number: int) -> str:
    return f"{number} check" + ("" if number == 1 else "s")
