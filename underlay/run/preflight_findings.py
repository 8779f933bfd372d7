"""What preflight finds: on the hosts themselves, then on the network between them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from pyinfra.api import State

from underlay.findings.finding import Finding, accept, of_host, refusals
from underlay.findings.host_sets import by_reason
from underlay.plan.cluster_objects import POLICY_ENGINE, record
from underlay.plan.host_questions import has_engine, recorded_path, recorded_problems
from underlay.plan.membership import is_bare, is_unmanaged, other_endpoint
from underlay.policy_engines import kube_router
from underlay.preflight.etcd_findings import joining_control_plane
from underlay.preflight.host_findings import judge
from underlay.preflight.image_findings import image_findings
from underlay.preflight.lock_findings import lock_findings
from underlay.preflight.unanswered_findings import unanswered_findings
from underlay.resources.answer import Unknown, line_of
from underlay.resources.api_server import is_silent
from underlay.resources.release import HelmRelease

from .claim import Purpose
from .probe_outside import probe_outside
from .probe_wire import has_closed_firewall, probe_wire
from .run import Run, current_run

# What is at work, and what may differ from the cluster's record, in a run with a purpose of its own.
_BUT = {Purpose.CHANGE: ("Change", "network"), Purpose.UPGRADE: ("Upgrade", "kubernetes_version")}


def findings_of(
    state: State, *, everything: bool = False, say: Callable[[str], None] = lambda _: None
) -> list[Finding]:
    """Everything that preflight finds, gravest first; the network is not probed when a host is refused.

    :param everything: probe between hosts that are members of the cluster, too.
    :param say: called with a line before each step.
    """
    run = current_run()
    silent = [of_host("host-unreachable", name, reason) for name, reason in run.observed.silent.items() if everything]
    found = accept([*silent, *findings_of_hosts()], run.spec.accepted)
    if not refusals(found):
        found = accept([*found, *probe_outside(state, say=say)], run.spec.accepted)
    if not refusals(found):
        found = accept([*found, *probe_wire(state, everything=everything, say=say)], run.spec.accepted)
    return found


def silent_hosts() -> list[str]:
    """A line for each reason why hosts gave no answers, with their names."""
    return by_reason(current_run().observed.silent)


def findings_of_hosts() -> list[Finding]:
    """What is wrong with each host, and between hosts, by the answers that they have given already.

    While another deploy is at work on a host, that alone: whatever else is found is its doing.
    """
    run = current_run()
    if locked := lock_findings(run.observed.answers):
        return locked
    first = run.spec.cluster.first.name
    if first not in run.observed.answers:
        why = run.observed.silent.get(first, "gave no answers; see above")
        return [of_host("host-unreachable", first, why)]
    answered = run.observed.answers[first]["recorded"]
    recorded = "" if isinstance(answered, Unknown) else line_of(answered)
    of_resources = [*_unanswered(run), *_lacking(run)]
    if (path := recorded_path(recorded)) and not run.spec.path_stated:
        run.know_path(path)
    found = judge(
        run.spec.cluster,
        run.spec.network,
        run.observed.answers,
        queried=run.observed.queried,
        architectures=run.artifacts.architectures,
        lacking=run.artifacts.lacking,
        path_stated=run.spec.path_stated,
        load_balancer=run.spec.load_balancer,
        firewalled={name for name in run.observed.resources if has_closed_firewall(run, name)},
    )
    found += [*of_resources, *_images(run)]
    # Through JSON, like the recorded one: tuples become lists.
    requested = json.loads(json.dumps(record(run.spec)))
    if has_engine(recorded) and run.spec.network_policy is None:
        found.append(of_host("record-differs", first, kube_router.STAYS))
    but = _BUT.get(run.purpose, ("", ""))
    return found + [of_host("record-differs", first, why) for why in recorded_problems(recorded, requested, but=but)]


def _unanswered(run: Run) -> Iterator[Finding]:
    """What nobody knows of the hosts, where something depends on it."""
    is_joined = bool(joining_control_plane(run.spec.cluster, run.observed.answers))
    for name, answers in run.observed.answers.items():
        plan = run.plan_of(name)
        all_answers = {p.about: answers[p.name] for p in plan.probes if p.name != "etcd" or is_joined}
        all_answers |= {r.title: answer for r, answer in run.observed.resources.get(name, {}).items()}
        if _has_no_api_of_ours(run, name):
            # It is refused, whatever that API server says.
            all_answers = {about: answer for about, answer in all_answers.items() if not is_silent(answer)}
        yield from unanswered_findings(name, all_answers)


def _has_no_api_of_ours(run: Run, name: str) -> bool:
    """Whether a host's API server is another cluster's, or one at an endpoint that the inventory no longer has."""
    answers, cluster = run.observed.answers[name], run.spec.cluster
    if name != cluster.first.name:
        return False
    return bool(other_endpoint(cluster, answers)) or is_unmanaged(cluster, cluster.first, answers, answers)


def _lacking(run: Run) -> Iterator[Finding]:
    """What a host cannot be made to have."""
    for name, resources in run.observed.resources.items():
        for resource, answer in resources.items():
            if not isinstance(answer, Unknown) and (lack := resource.impossible(line_of(answer))):
                yield of_host("kernel-lacks", name, lack)


def _images(run: Run) -> Iterator[Finding]:
    """Images that nothing supplies, where some host is yet to pull them."""
    first = run.spec.cluster.first.name
    resources = run.observed.resources.get(first, {}).items()
    changes = any(
        (isinstance(r, HelmRelease) or r.name == POLICY_ENGINE)
        and not isinstance(a, Unknown)
        and r.sentence(line_of(a))
        for r, a in resources
    )
    if changes or any(
        is_bare(run.observed.answers[n.name]) for n in run.spec.cluster.nodes if n.name in run.observed.answers
    ):
        yield from image_findings(run.spec, run.artifacts)


def finding_line(finding: Finding) -> str:
    """A finding that stops no deploy, as a line of the run's output."""
    accepted = f" (accepted: {finding.accepted})" if finding.accepted else ""
    return f"    {finding.severity}: {finding.line} [{finding.code}]{accepted}"
