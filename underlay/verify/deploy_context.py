"""What the deploy that led here hands over beside the hosts: how long its phases took, and what it found."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from underlay.report.document import Phase, ReportedFinding


@dataclass(frozen=True)
class Handed:
    phases: list[tuple[str, float]] = field(default_factory=list)
    findings: list[ReportedFinding] = field(default_factory=list)

    @classmethod
    def from_environment(cls) -> Handed:
        """Out of the file that UNDERLAY_HOSTS names; nothing where a person started pytest."""
        path = os.environ.get("UNDERLAY_HOSTS")
        return cls.of(json.loads(Path(path).read_text())) if path else cls()

    @classmethod
    def of(cls, document: dict[str, Any]) -> Handed:
        phases = [(str(name), float(seconds)) for name, seconds in document.get("phases", ())]
        return cls(phases, [_finding(f) for f in document.get("findings", ())])

    def phases_and(self, seconds: float) -> list[Phase]:
        """The deploy's phases, and the verification as the last one. What took no time is left out."""
        found = [*self.phases, ("Verify", seconds)]
        return [Phase(name=name, seconds=round(spent, 1)) for name, spent in found if spent >= 0.05]


def _finding(handed: dict[str, Any]) -> ReportedFinding:
    """Preflight tells what it measured and a remedy apart; for a reader of the report they are one sentence."""
    sentence = "; ".join(str(handed[k]) for k in ("text", "measured", "remedy") if handed.get(k))
    accepted = handed.get("accepted") or ""
    return ReportedFinding(
        code=str(handed.get("code", "")),
        severity=str(handed.get("severity", "")),
        where=str(handed.get("where", "")),
        text=sentence,
        accepted="yes" if accepted is True else str(accepted),
    )
