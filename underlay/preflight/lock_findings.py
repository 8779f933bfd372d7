"""Findings about the lock of a host: another deploy is at work on it."""

from __future__ import annotations

from collections.abc import Mapping

from underlay.findings.finding import Finding, of_host
from underlay.plan.host_questions import HostAnswers
from underlay.plan.run_lock import LOCK, holder


def lock_findings(answers: Mapping[str, HostAnswers]) -> list[Finding]:
    """One for each host that another deploy is at work on.

    :param answers: host name -> name of the probe -> what the host said.
    """
    found = []
    for name, given in answers.items():
        if whose := holder(given.get("lock")):
            remedy = f"wait until that has ended, or end it; if its machine is gone for good: rm {LOCK} on the host"
            found.append(of_host("deploy-in-progress", name, f"another deploy is at work ({whose}); {remedy}"))
    return found
