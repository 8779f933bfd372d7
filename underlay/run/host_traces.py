"""Asks a host what it has of Kubernetes, of networks and of its own record, for what takes things away."""

from __future__ import annotations

from collections.abc import Mapping

from pyinfra.api import Host

from underlay.preflight.unanswered_findings import unanswered_findings
from underlay.reset.questions import QUESTIONS, HostState, host_state
from underlay.resources.answer import Answer, UnansweredError
from underlay.resources.script import observe_script, read_observations

from .command import run_script
from .privilege import root_arguments


def state_of(host: Host) -> HostState:
    """What the host answers.

    :raises AccessError: when nothing can be run on it. :raises UnansweredError: when it leaves a question open.
    """
    ran = run_script(host, observe_script(QUESTIONS), root_arguments(host))
    found = read_observations(QUESTIONS, ran.out)
    answers = {q.name: q.read(a) for q, a in zip(QUESTIONS, found, strict=True)}
    if problem := unanswered(host.name, answers):
        raise UnansweredError(problem)
    return host_state(answers)


def unanswered(name: str, answers: Mapping[str, Answer]) -> str:
    """What nobody knows of a host, with a remedy; empty where it has answered everything."""
    about = {q.about: answers[q.name] for q in QUESTIONS}
    return "; ".join(finding.text for finding in unanswered_findings(name, about))
