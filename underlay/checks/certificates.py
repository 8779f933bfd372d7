"""Whether all certificates of a node are valid for long enough."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.resources.validity import COMMAND, validities


def certificate_checks(cluster: Cluster) -> list[Check]:
    look = "a deploy renews those of kubeadm; a kubelet renews its own: `journalctl -u kubelet | grep certificate`"
    return [Check("certificates", n.name, COMMAND, partial(expiring, datetime.now(UTC)), look) for n in cluster.nodes]


def expiring(now: datetime, output: str) -> str | None:
    """All that expire in less than a month, or in less than a tenth of a short validity."""
    found = [*validities(output)]
    problems = [problem for one in found if (problem := one.problem(now))]
    return "; ".join(problems) or (None if found else "no certificate was found")
