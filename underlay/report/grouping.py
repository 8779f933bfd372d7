"""Which checks say the same: a reader has to see one thing once."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .document import CheckResult

# How long something took tells no two failures apart.
_DURATION = re.compile(r"\b\d+(\.\d+)? ?(ms|milliseconds|s|seconds)\b")


def by_claim(checks: Sequence[CheckResult]) -> dict[str, list[CheckResult]]:
    found: dict[str, list[CheckResult]] = {}
    for check in checks:
        found.setdefault(check.area, []).append(check)
    return found


def alike(checks: Sequence[CheckResult]) -> list[list[CheckResult]]:
    """Checks of one claim that saw the same, together."""
    found: dict[tuple[str, str], list[CheckResult]] = {}
    for check in checks:
        found.setdefault((check.area, without_durations(check.seen)), []).append(check)
    return list(found.values())


def without_durations(text: str) -> str:
    return _DURATION.sub("", " ".join(text.split()))
