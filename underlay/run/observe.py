"""Queries everything that a run has to know of a host, in one round trip, and keeps the answers."""

from __future__ import annotations

import time
from collections.abc import Sequence

from pyinfra.api import Host

from underlay.plan.host_questions import HostAnswers
from underlay.resources.resource import Question, Resource
from underlay.resources.script import observe_script, read_observations

from .access_error import AccessError
from .privilege import root_arguments, run_as_root
from .run import current_run


def query_host(host: Host) -> None:
    """Query the host and keep the answers for the run; `forget` drops what a change invalidates.

    :raises AccessError: when the host does not answer; it then has no answers.
    """
    run = current_run()
    plan = run.plan(host)
    began = time.monotonic()
    try:
        lines = _answers(host, plan.questions)
    except AccessError as error:
        run.observed.silent[host.name] = error.reason
        raise
    run.observed.queried[host.name] = (began, time.monotonic())
    run.observed.answers[host.name] = {p.name: line for p, line in zip(plan.probes, lines, strict=False)}
    run.observed.resources[host.name] = dict(zip(plan.resources, lines[len(plan.probes) :], strict=True))


def count(host: Host) -> None:
    """Count one SSH execution on the host."""
    executions = current_run().log.executions
    executions[host.name] = executions.get(host.name, 0) + 1


def answers(host: Host) -> HostAnswers:
    return current_run().observed.answers[host.name]


def observed(host: Host, resources: Sequence[Resource]) -> list[tuple[Resource, str]]:
    """The resources with the lines they were observed as; queries again if the host was changed since."""
    if host.name not in current_run().observed.resources:
        query_host(host)
    known = current_run().observed.resources[host.name]
    return [(r, known[r]) for r in resources]


def observe_resources(host: Host, resources: Sequence[Resource]) -> list[tuple[Resource, str]]:
    """Resources outside the host's plan, with the lines they are observed as: one more round trip."""
    return list(zip(resources, _answers(host, resources), strict=True))


def _answers(host: Host, questions: Sequence[Question]) -> list[str]:
    """One line for each question, in order."""
    count(host)
    status, output, _ = run_as_root(host, observe_script(questions), root_arguments(host))
    if status:
        raise AccessError(
            host.name, f"its answers end early (exit status {status}); look at its memory, then run again"
        )
    return read_observations(questions, output.decode(errors="replace").split("\n"))


def forget(host: Host) -> None:
    """Drop what was observed of the host's resources: the host is about to be changed."""
    current_run().observed.resources.pop(host.name, None)
