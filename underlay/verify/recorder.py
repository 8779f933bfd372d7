"""Records every check as pytest ends it, and writes the report of the run."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from underlay.encoding import encodable
from underlay.files import write_whole
from underlay.plan.secrets import Secrets
from underlay.report.document import CheckResult, EvidenceText, Report
from underlay.report.junit import junit
from underlay.report.outcome import counts_of, is_verified, late, proven, sentence, unproven
from underlay.report.page import page
from underlay.routing.session_check import SessionRow
from underlay.routing.sessions import Session

from . import topology
from .bgp_sessions import BgpStatus
from .check_items import area_of, detail_of, group_of, hosts_of, name_of
from .deploy_context import DeployContext
from .evidence import kept_of
from .evidence_files import collect
from .target import Target

# pytest's exit status when all tests ran: 0 all passed, 1 some failed.
RAN = (0, 1)


@dataclass
class Recorder:
    """Of one run of pytest over a cluster."""

    checks: list[CheckResult] = field(default_factory=list)
    rows: dict[Session, SessionRow] = field(default_factory=dict)
    began: float = field(default_factory=time.time)

    def add(self, item: pytest.Item, report: pytest.TestReport) -> None:
        """Record a check's outcome; a failure of its set-up counts as its own."""
        if report.when != "call" and report.passed:
            return
        parameters = dict(getattr(getattr(item, "callspec", None), "params", {}))
        self.checks.append(
            CheckResult(
                group=group_of(item),
                area=area_of(item),
                name=name_of(item),
                outcome=report.outcome,
                detail=encodable(detail_of(report)),
                seconds=round(report.duration, 3),
                hosts=hosts_of(parameters),
                traffic="measured" in getattr(item, "fixturenames", ()),
                evidence=[EvidenceText(name=name, text=encodable(text)) for name, text in kept_of(item)],
            )
        )
        status = getattr(item, "funcargs", {}).get("bgp") or BgpStatus()
        self.rows.update(
            (p, status.rows[p]) for p in parameters.values() if isinstance(p, Session) and p in status.rows
        )

    def write(self, target: Target, exitstatus: int) -> None:
        """Write the files of the run's folder, UNDERLAY_REPORT, each atomically."""
        directory = Path(os.environ.get("UNDERLAY_REPORT", "reports"))
        directory.mkdir(parents=True, exist_ok=True)
        report = self.document(target, cut_short=_cut_short(exitstatus), directory=directory)
        for name, text in (
            ("report.json", report.to_json()),
            ("report.html", page(report)),
            ("junit.xml", junit(report)),
        ):
            write_whole(directory / name, text)

    def document(self, target: Target, *, cut_short: str, directory: Path) -> Report:
        cluster, deploy, secrets = target.spec.cluster, DeployContext.from_environment(), Secrets(target.spec)
        known = set(cluster_hosts := [n.name for n in cluster.nodes]) | {r.name for r in target.spec.routers}
        checks = [
            CheckResult.model_validate(secrets.hidden(c.model_dump())).model_copy(
                update={"hosts": [h for h in c.hosts if h in known]}
            )
            for c in self.checks
        ]
        counts = counts_of(checks)
        nodes, versions = topology.nodes(target)
        failed = [c for c in checks if c.outcome == "failed"]
        # A failure of the whole cluster may be any host's fault.
        concerned = dict.fromkeys(h for c in failed for h in (c.hosts or cluster_hosts))
        files = collect(target, list(concerned), directory) if failed else []
        seconds = round(time.time() - self.began, 1)
        return Report(
            verdict="verified" if is_verified(counts, cut_short=cut_short) else "failed",
            sentence=sentence(counts, late=late(checks), cut_short=cut_short),
            cut_short=cut_short,
            counts=counts,
            proven=proven(checks),
            unproven=unproven(checks),
            cluster=cluster.name,
            time=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.began)),
            seconds=seconds,
            network=topology.network(target),
            versions=versions,
            nodes=nodes,
            routers=topology.routers(target),
            sessions=topology.sessions(self.rows),
            findings=deploy.findings,
            phases=deploy.phases_with_verify(seconds),
            rollout=deploy.rollout,
            only=sorted(target.only),
            paths=topology.paths(target, checks),
            checks=checks,
            files=files,
        )


def _cut_short(exitstatus: int) -> str:
    if exitstatus in RAN:
        return ""
    reasons = {2: "it was interrupted, or checks could not be collected", 5: "there was no check to run"}
    return reasons.get(exitstatus, f"pytest exited with status {exitstatus}")
