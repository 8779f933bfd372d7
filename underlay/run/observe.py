"""Queries everything that a run has to know of a host, in one round trip, and keeps the answers."""

from __future__ import annotations

import time
from collections.abc import Sequence

from pyinfra import logger
from pyinfra.api import Host

from underlay.patience import stretched
from underlay.plan.host_questions import HostAnswers
from underlay.preflight.unanswered_findings import NOT_ROOT
from underlay.resources.answer import Answer, Answered, Unknown
from underlay.resources.api_server import ANSWERS_HERE, is_silent
from underlay.resources.resource import Question, Resource
from underlay.resources.script import BROKEN_OFF, observe_script, read_observations

from .access_error import AccessError
from .privilege import root_arguments, run_as_root
from .run import current_run

# What can hang has a bound of its own; a host that takes longer than this for everything is taken for lost.
_SECONDS = stretched(180)
# An API server that restarts is back within this; an address that moves, or a load balancer, sooner.
_API_BACK_S, _ENDPOINT_BACK_S, _API_AGAIN_S = stretched(20), stretched(5), 2


def query_host(host: Host) -> None:
    """Query the host and keep the answers for the run; `forget` drops what a change invalidates.

    A member's API server that does not answer is asked again for a moment.

    :raises AccessError: when the host does not answer; it then has no answers.
    """
    began, said = time.monotonic(), set()
    while (reason := _query(host)) and time.monotonic() - began < _patience(reason):
        if reason not in said:
            said.add(reason)
            logger.warning(f"{host.print_prefix}the API server does not answer ({reason}); asking again")
        time.sleep(_API_AGAIN_S)


def _patience(reason: str) -> float:
    """Seconds that are worth waiting."""
    return min(_ENDPOINT_BACK_S, _API_BACK_S) if reason.endswith(ANSWERS_HERE) else _API_BACK_S


def _query(host: Host) -> str | None:
    """Query the host once; why the API server of a member has not answered, or None."""
    run = current_run()
    plan = run.plan(host)
    began = time.monotonic()
    try:
        found = _ask(host, plan.questions)
    except AccessError as error:
        run.observed.silent[host.name] = error.reason
        raise
    run.observed.queried[host.name] = (began, time.monotonic())
    answers = {p.name: p.read(a) for p, a in zip(plan.probes, found, strict=False)}
    known = dict(zip(plan.resources, found[len(plan.probes) :], strict=True))
    # A part of a plan may ask for nothing but its resources.
    if "user" in answers and (distrust := _distrust(answers["user"])):
        answers |= dict.fromkeys((p.name for p in plan.probes if p.as_root), distrust)
        known = dict.fromkeys(known, distrust)
    run.observed.answers[host.name] = answers
    match answers.get("answering"):
        case Answered(server):
            run.observed.name_servers.setdefault(host.name, server)
    run.observed.resources[host.name] = known
    match answers.get("member"):
        case Answered(mark) if mark.startswith("member "):
            return next((a.reason for a in (answers["recorded"], *known.values()) if is_silent(a)), None)
    return None


def _distrust(user: Answer) -> Unknown | None:
    """What becomes of answers that root alone can give, when another user gave them."""
    if user == Answered("0"):
        return None
    return user if isinstance(user, Unknown) else Unknown(NOT_ROOT)


def _ask(host: Host, questions: Sequence[Question]) -> list[Answer]:
    """The answer to each question, in order.

    :raises AccessError: when the host answers nothing.
    """
    count(host)
    arguments = {**root_arguments(host), "_timeout": _SECONDS}
    status, output, _ = run_as_root(host, observe_script(questions), arguments)
    answers = read_observations(questions, output.decode(errors="replace").split("\n"))
    if status and all(answer == Unknown(BROKEN_OFF) for answer in answers):
        raise AccessError(
            host.name, f"its answers end early (exit status {status}); look at its memory, then run again"
        )
    return answers


def count(host: Host) -> None:
    """Count one SSH execution on the host."""
    executions = current_run().log.executions
    executions[host.name] = executions.get(host.name, 0) + 1


def answers(host: Host) -> HostAnswers:
    return current_run().observed.answers[host.name]


def observed(host: Host, resources: Sequence[Resource]) -> list[tuple[Resource, Answer]]:
    """The resources with what was observed of them; queries again if the host was changed since."""
    if host.name not in current_run().observed.resources:
        query_host(host)
    known = current_run().observed.resources[host.name]
    return [(r, known[r]) for r in resources]


def observe_resources(host: Host, resources: Sequence[Resource]) -> list[tuple[Resource, Answer]]:
    """Resources outside the host's plan, with what is observed of them: one more round trip."""
    return list(zip(resources, _ask(host, resources), strict=True))


def forget(name: str) -> None:
    """Drop what was observed of a host's resources: it is about to be changed, or what they depend on is."""
    current_run().observed.resources.pop(name, None)
