"""A machine's state as a deploy changes it and a reset gives it back, by the shell of either."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tests.lab.host_snapshot import SCRIPT, compared
from underlay.plan.host_record import record_script
from underlay.plan.recorded_mode import mode_line
from underlay.reset.footprint import footprint
from underlay.reset.host_script import host_script
from underlay.reset.questions import QUESTIONS, host_state
from underlay.resources.answer import line_of
from underlay.resources.resource import Resource
from underlay.resources.script import apply_script, observe_script, read_observations, read_outcome

from .site import Site
from .vm_cluster import VmCluster

# What the tests themselves, or the machine, have done since.
_OF_TESTS = re.compile(
    r"path /(root|opt/flannel|opt/bin)(/| )|path /run(/charon|/log/journal| d)|process (kworker|socat|ip|sleep)"
    r"|unit (run-|session-|user)|listener "
)


def look(site: Site, name: str) -> list[str]:
    """Everything of a machine that is compared, a line for each thing."""
    return [line for line in compared(site.run(name, SCRIPT)) if not _OF_TESTS.match(line)]


def apply(site: Site, name: str, vm_cluster: VmCluster, resources: Sequence[Resource]) -> None:
    """Write down what the machine was, and apply what differs, as a deploy does; then what that makes differ."""
    for _ in range(2):
        answers = read_observations(resources, site.run(name, observe_script(resources)).splitlines())
        lines = [(r, line_of(answer)) for r, answer in zip(resources, answers, strict=True)]
        if not (pending := [(r, line) for r, line in lines if r.sentence(line)]):
            return
        differing = [r for r, _ in pending]
        script = record_script(pending, mode=mode_line(vm_cluster.network)) + apply_script(differing)
        outcome = read_outcome(differing, site.run(name, script).splitlines())
        assert (outcome.failed, outcome.unmet) == (None, ())


def take_back(site: Site, name: str, vm_cluster: VmCluster) -> None:
    """Do what `underlay reset` does on a host."""
    found = read_observations(QUESTIONS, site.run(name, observe_script(QUESTIONS)).splitlines())
    known = host_state({q.name: q.read(a) for q, a in zip(QUESTIONS, found, strict=True)})
    if not known.is_recorded:
        return
    traces = footprint(vm_cluster.cluster, vm_cluster.network, known)
    pods = vm_cluster.cluster.pod_subnets
    site.run(name, host_script(known, traces, pods=pods, member=False, keep_images=True))
