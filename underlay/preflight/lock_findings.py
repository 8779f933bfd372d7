"""Findings about the lock of a host: another deploy is at work on it."""

from __future__ import annotations

from collections.abc import Mapping

from underlay.findings.finding import Finding, of_host
from underlay.plan.host_questions import HostAnswers
from underlay.plan.run_lock import LOCK, SILENT_S, holder


def lock_findings(answers: Mapping[str, HostAnswers]) -> list[Finding]:
    """One for each host that another deploy is at work on.

    :param answers: host name -> name of the probe -> what the host said.
    """
    found = []
    for name, given in answers.items():
        if whose := holder(given.get("lock")):
            gone = (
                f"if its machine is gone, the lock ends {SILENT_S // 60} minutes later, or by `rm {LOCK}` on the host"
            )
            remedy = f"wait until that has ended, or end it; {gone}"
            found.append(of_host("deploy-in-progress", name, f"another deploy is at work ({whose}); {remedy}"))
    return found
