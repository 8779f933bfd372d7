"""The report as data: the contents of `report.json`, versioned. Everything else about a run is made from it."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from .observed import ObservedNetwork, ObservedNode, ObservedPath, ObservedRouter, ObservedSession, Part

# Raised when a reader of older reports would misunderstand a newer one.
SCHEMA = 2

Outcome = Literal["failed", "skipped", "passed"]
OUTCOMES: tuple[Outcome, ...] = ("failed", "skipped", "passed")


class Counts(Part):
    passed: int = Field(ge=0)
    failed: int = Field(ge=0)
    skipped: int = Field(ge=0, description="for a stated reason; never counted as passed")


class Proven(Part):
    """One area, all of whose checks that ran passed."""

    group: str
    area: str
    checks: int = Field(gt=0)


class Unproven(Part):
    """What was not checked, by the reason."""

    reason: str
    areas: list[str]
    checks: int = Field(gt=0)


class PhaseTime(Part):
    name: str
    seconds: float


class ReportedFinding(Part):
    """What preflight found about a host or the cluster before anything was changed."""

    code: str
    severity: str = ""
    where: str = ""
    text: str
    accepted: str = Field("", description="why the inventory accepts it; empty where it does not")


class EvidenceText(Part):
    name: str
    text: str


FIRST_ANSWER = "first answer, before the retry"
"""The name of the evidence of a check that passed only when it was repeated: what was wrong before."""


class CheckResult(Part):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    group: str = Field("", description="what the area belongs to")
    area: str = Field(description="what is claimed")
    name: str = Field(description="the subject of the claim: a node, a pair of nodes, a resource")
    outcome: Outcome
    detail: str = Field(
        "",
        validation_alias="seen",
        serialization_alias="seen",
        description="what was observed where it failed, or why it was skipped",
    )
    seconds: float = 0
    hosts: list[str] = Field(default=[], description="the hosts concerned; none where it concerns the cluster")
    traffic: bool = Field(False, description="whether it sent packets; otherwise it inspects state")
    evidence: list[EvidenceText] = Field(default=[])

    @property
    def key(self) -> tuple[str, str]:
        """Identifies the same check in another run."""
        return (self.area, self.name)


class EvidenceFile(Part):
    """Evidence in a file next to the report."""

    host: str
    what: str
    path: str = Field(description="from the report's own folder")
    bytes: int


class Report(Part):
    """One verification of one cluster, the verdict first."""

    schema_: int = Field(default=SCHEMA, alias="schema", ge=SCHEMA, le=SCHEMA, description="version of this format")
    verdict: Literal["verified", "failed"] = Field(description="verified: at least one check ran, and none failed")
    sentence: str = Field(description="the verdict for people")
    cut_short: str = Field("", description="why not all checks ran; empty where they did")
    counts: Counts
    proven: list[Proven] = Field(default=[])
    unproven: list[Unproven] = Field(default=[])
    cluster: str
    time: str = Field(description="when it began, UTC")
    seconds: float = Field(description="of the verification alone")
    network: ObservedNetwork
    versions: dict[str, list[str]] = Field(default={}, description="component -> every version of it that was found")
    nodes: dict[str, ObservedNode]
    routers: dict[str, ObservedRouter] = Field(default={})
    sessions: list[ObservedSession] = Field(default=[])
    findings: list[ReportedFinding] = Field(default=[])
    phases: list[PhaseTime] = Field(
        default=[], description="of the deploy or the reboots before it; the verification is the last"
    )
    only: list[str] = Field(default=[], description="the hosts it was limited to; none where it was of all")
    rollout: str = Field("", description="which nodes the deploy before it changed in turn, and which are left")
    paths: list[ObservedPath] = Field(default=[])
    checks: list[CheckResult]
    files: list[EvidenceFile] = Field(default=[], description="evidence collected because something failed")

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @property
    def racks(self) -> list[str]:
        return list(dict.fromkeys([*(n.rack for n in self.nodes.values()), *(r.rack for r in self.routers.values())]))

    def of(self, outcome: Outcome) -> list[CheckResult]:
        return [c for c in self.checks if c.outcome == outcome]

    def to_json(self) -> str:
        return self.model_dump_json(by_alias=True, indent=1) + "\n"
