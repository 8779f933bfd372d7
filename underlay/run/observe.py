"""Queries everything that a run has to know of a host, in one round trip, and keeps the answers."""

from __future__ import annotations

import time
from collections.abc import Sequence

from pyinfra.api import FactBase, Host, QuoteString, StringCommand
from pyinfra.context import ctx_host

from underlay.plan.host_questions import HostAnswers
from underlay.resources.resource import Resource
from underlay.resources.script import observe_script, read_observations

from .privilege import root_arguments
from .run import current_run


class Observations(FactBase[list[str]]):
    """One line for each probe and each resource of the host's plan, in order."""

    def command(self) -> StringCommand:
        plan = current_run().plan(ctx_host.get())
        return StringCommand("sh", "-c", QuoteString(observe_script(plan.questions)))

    @staticmethod
    def default() -> list[str]:
        return []

    def process(self, output: list[str]) -> list[str]:
        plan = current_run().plan(ctx_host.get())
        return read_observations(plan.questions, output)


def query_host(host: Host) -> None:
    """Query the host and keep the answers for the run; `forget` drops what a change invalidates."""
    run = current_run()
    plan = run.plan(host)
    began = time.monotonic()
    lines = host.get_fact(Observations)
    count(host)
    run.observed.queried[host.name] = (began, time.monotonic())
    lines = lines or [""] * len(plan.questions)
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
    count(host)
    command = StringCommand("sh", "-c", QuoteString(observe_script(resources)))
    _, output = host.run_shell_command(command, **root_arguments(host))
    return list(zip(resources, read_observations(resources, output.stdout_lines), strict=True))


def forget(host: Host) -> None:
    """Drop what was observed of the host's resources: the host is about to be changed."""
    current_run().observed.resources.pop(host.name, None)
