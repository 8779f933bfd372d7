"""What the deploy before this verification passes on: how long its phases took, and what it found."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from underlay.report.document import PhaseTime, ReportedFinding


@dataclass(frozen=True)
class DeployContext:
    """`phases` are (name, seconds)."""

    phases: list[tuple[str, float]] = field(default_factory=list)
    findings: list[ReportedFinding] = field(default_factory=list)
    rollout: str = ""

    @classmethod
    def from_environment(cls) -> DeployContext:
        """From the file that UNDERLAY_HOSTS names; empty where a person started pytest."""
        path = os.environ.get("UNDERLAY_HOSTS")
        return cls.of(json.loads(Path(path).read_text(encoding="utf-8"))) if path else cls()

    @classmethod
    def of(cls, document: dict[str, Any]) -> DeployContext:
        phases = [(str(name), float(seconds)) for name, seconds in document.get("phases", ())]
        return cls(phases, [_finding(f) for f in document.get("findings", ())], document.get("rollout", ""))

    def phases_with_verify(self, seconds: float) -> list[PhaseTime]:
        """The deploy's phases, and the verification as the last one. Those that took no time are left out."""
        found = [*self.phases, ("Verify", seconds)]
        return [PhaseTime(name=name, seconds=round(spent, 1)) for name, spent in found if spent >= 0.05]


def _finding(finding: dict[str, Any]) -> ReportedFinding:
    """Preflight has a measurement and a remedy; for a reader of the report they are one sentence."""
    sentence = "; ".join(str(finding[k]) for k in ("text", "measured", "remedy") if finding.get(k))
    accepted = finding.get("accepted") or ""
    return ReportedFinding(
        code=str(finding.get("code", "")),
        severity=str(finding.get("severity", "")),
        where=str(finding.get("where", "")),
        text=sentence,
        accepted="yes" if accepted is True else str(accepted),
    )
