"""Which checks say the same: a reader has to see one thing once."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .document import Check

# How long something took tells no two failures apart.
_DURATION = re.compile(r"\b\d+(\.\d+)? ?(ms|milliseconds|s|seconds)\b")


def by_claim(checks: Sequence[Check]) -> dict[str, list[Check]]:
    found: dict[str, list[Check]] = {}
    for check in checks:
        found.setdefault(check.area, []).append(check)
    return found


def alike(checks: Sequence[Check]) -> list[list[Check]]:
    """Checks of one claim that saw the same, together."""
    found: dict[tuple[str, str], list[Check]] = {}
    for check in checks:
        found.setdefault((check.area, without_durations(check.seen)), []).append(check)
    return list(found.values())


def without_durations(text: str) -> str:
    return _DURATION.sub("", " ".join(text.split()))
