"""Groups checks with the same result, so that a reader sees each once."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from .document import CheckResult

# A duration does not make two failures different.
_DURATION = re.compile(r"\b\d+(\.\d+)? ?(ms|milliseconds|s|seconds)\b")


def by_claim(checks: Sequence[CheckResult]) -> dict[str, list[CheckResult]]:
    found: dict[str, list[CheckResult]] = {}
    for check in checks:
        found.setdefault(check.area, []).append(check)
    return found


def by_result(checks: Sequence[CheckResult]) -> list[list[CheckResult]]:
    """Checks of one claim with the same detail, together."""
    found: dict[tuple[str, str], list[CheckResult]] = {}
    for check in checks:
        found.setdefault((check.area, without_durations(check.detail)), []).append(check)
    return list(found.values())


def repeating(groups: Sequence[list[CheckResult]], hosts: Collection[str]) -> dict[int, int]:
    """Which groups say nothing but what another says of a host, with words of their own around it: position -> the
    position of that other."""
    details = [without_durations(checks[0].detail) for checks in groups]
    causes = sorted((len(d), i) for i, d in enumerate(details) if d.partition(": ")[0] in hosts)
    found: dict[int, int] = {}
    for _, cause in causes:
        for other, detail in enumerate(details):
            if other != cause and other not in found and cause not in found and details[cause] in detail:
                found[other] = cause
    return found


def without_durations(text: str) -> str:
    return _DURATION.sub("", " ".join(text.split()))
