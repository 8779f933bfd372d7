"""Groups checks with the same result, so that a reader sees each once."""

from __future__ import annotations

import re
from collections.abc import Sequence

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


def without_durations(text: str) -> str:
    return _DURATION.sub("", " ".join(text.split()))
