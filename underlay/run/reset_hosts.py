"""Resets hosts: asks what they have, takes it away side by side, and looks again."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from gevent.lock import BoundedSemaphore
from pyinfra.api import Host, State
from pyinfra.context import ctx_host, ctx_state

from underlay.plan.host_record import late_record
from underlay.reset.consent import Consent, by_names, is_of_another, note_on_stranger, problem_of
from underlay.reset.footprint import footprint
from underlay.reset.host_reset import HostReset
from underlay.reset.host_script import host_script, leave
from underlay.reset.kinds import differs, question
from underlay.reset.questions import QUESTIONS, HostState, host_state
from underlay.reset.sentences import words
from underlay.resources.answer import Answer, UnansweredError, Unknown, line_of
from underlay.resources.resource import Question
from underlay.resources.script import observe_script, read_observations

from .access_error import AccessError, of_this_machine
from .backups import keep
from .command import reason_of_script, run_script
from .host_lock import take_lock
from .host_traces import state_of, unanswered
from .leave_cluster import leave_cluster
from .privilege import root_arguments
from .run import current_run

_FIRST = "it is the first control-plane host, by which the others join; reset it together with all of them"


@dataclass
class ResetResult:
    """What became of each host: the differences that remain, and why one was not reset."""

    differences: dict[str, list[str]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    backups: dict[str, Path] = field(default_factory=dict)
    turn: BoundedSemaphore = field(default_factory=BoundedSemaphore)

    @property
    def left(self) -> list[str]:
        """What is not as it was, a line for each thing."""
        return [f"{host}: {line}" for host in (*self.failed, *self.differences) for line in self.left_on(host)]

    def left_on(self, host: str) -> list[str]:
        """Why a host was not reset, or what it is not again."""
        return [self.failed[host]] if host in self.failed else self.differences[host]


def planned_resets(state: State, consent: Consent) -> list[HostReset]:
    """What a reset would do, host by host, of the hosts within the run's limit."""
    with ctx_state.use(state):
        chosen = [h for h in state.inventory.get_active_hosts() if h.name in current_run().limit]
        jobs = [state.pool.spawn(planned_reset, state, h, consent) for h in chosen]
        return sorted((job.get() for job in jobs), key=lambda reset: reset.host)


def reset_hosts(state: State, resets: list[HostReset], *, keep_images: bool, say: Callable[[str], None]) -> ResetResult:
    """Reset hosts side by side; what each is after it.

    :param say: called with a line as each host ends.
    """
    result = ResetResult()
    with ctx_state.use(state):
        jobs = [
            state.pool.spawn(reset_host, state, r, result, keep_images=keep_images, say=say)
            for r in resets
            if r.state is not None
        ]
        for job in jobs:
            job.get()
    return result


def _goes_on() -> bool:
    """Whether the cluster keeps a node that is not reset."""
    run = current_run()
    return any(n.name not in run.limit for n in run.spec.cluster.nodes)


def planned_reset(state: State, host: Host, consent: Consent) -> HostReset:
    """What a reset would do to a host, by what it answers."""
    with ctx_state.use(state), ctx_host.use(host):
        run = current_run()
        cluster = run.spec.cluster
        try:
            known = state_of(host)
        except (AccessError, UnansweredError) as error:
            return HostReset(host.name, None, None, getattr(error, "reason", "") or str(error))
        if problem := problem_of(known, cluster.name, consent):
            return HostReset(host.name, None, None, problem)
        unrecorded = known.is_late or not known.is_recorded
        if unrecorded and not (consent.without_record and (known.mark or known.kubernetes)):
            return HostReset(host.name, None, None, note=note_on_stranger(known) or "nothing to reset")
        # Of an attempt that no record tells of nobody knows whether it has joined a cluster that goes on.
        is_node = bool(known.mark) and not (unrecorded and known.mark.startswith("started"))
        others = is_of_another(known, cluster.name) or not (known.mark or known.is_recorded)
        ours = is_node and not others
        if run.is_first(host) and ours and _goes_on():
            return HostReset(host.name, None, None, _FIRST)
        if unrecorded:
            known = by_names(known)
        found_here = footprint(cluster, run.spec.network, known)
        return HostReset(
            host.name, known, found_here, leaves=run.is_node(host) and ours and _goes_on(), unrecorded=unrecorded,
            others=others,
        )  # fmt: skip


def reset_host(
    state: State, reset: HostReset, result: ResetResult, *, keep_images: bool = False, say: Callable[[str], None]
) -> None:
    """Reset one host, ask it again, and add to the result what became of it."""
    hosts = {h.name: h for h in state.inventory.get_active_hosts()}
    host = hosts[reset.host]
    with ctx_state.use(state), ctx_host.use(host):
        began = time.monotonic()
        try:
            reason = take_lock(host) or _out_of_cluster(hosts, reset, result) or _take_back(host, reset, keep_images)
            if not reason:
                result.differences[host.name] = _differences(host, reset)
        except AccessError as error:
            reason = error.reason
        except OSError as error:
            # The copy of etcd's data is kept here.
            reason = of_this_machine(error)
        if reason:
            result.failed[host.name] = reason
        say(f"{host.name}: {'failed' if reason else 'reset'} after {time.monotonic() - began:.0f} s")


def _out_of_cluster(hosts: Mapping[str, Host], reset: HostReset, result: ResetResult) -> str | None:
    """Take a node out of a cluster that goes on; of one that ends, keep etcd's data."""
    cluster, host = current_run().spec.cluster, hosts[reset.host]
    if not reset.leaves:
        return _end(host, reset, result)
    # One after the other: etcd's members have to agree on each.
    with result.turn:
        return leave_cluster(hosts[cluster.first.name], host, cluster.node(reset.host))


def _end(host: Host, reset: HostReset, result: ResetResult) -> str | None:
    """End the kubelet and etcd, and keep etcd's data here; why that failed, or None."""
    assert reset.state is not None
    ran = run_script(host, leave(etcd=reset.state.has_etcd), root_arguments(host))
    if not ran.ok:
        return ran.reason()
    if not reset.state.has_etcd:
        return None
    try:
        data = base64.b64decode("".join(ran.out), validate=True)
    except binascii.Error:
        data = b""
    if not data:
        return "etcd's data could not be read; nothing was removed"
    result.backups[host.name] = keep(f"{host.name}-etcd.tar.gz", data)
    return None


def _take_back(host: Host, reset: HostReset, keep_images: bool) -> str | None:
    assert reset.state is not None
    assert reset.found is not None
    subnets = current_run().spec.cluster.pod_subnets
    member = (reset.leaves or reset.others) and reset.state.has_etcd
    if reset.unrecorded and (why := reason_of_script(host, late_record(reset.state.modes), root_arguments(host))):
        return why
    script = host_script(reset.state, reset.found, pods=subnets, member=member, keep_images=keep_images)
    return reason_of_script(host, script, root_arguments(host))


def _differences(host: Host, reset: HostReset) -> list[str]:
    """What the host still has, or is not again, by asking anew."""
    assert reset.state is not None
    questioned = [(p, q) for p in reset.state.prior if (q := question(p)) is not None]
    questions: tuple[Question, ...] = (*QUESTIONS, *(q for _, q in questioned))
    found = read_observations(questions, run_script(host, observe_script(questions), root_arguments(host)).out)
    answers = {q.name: q.read(a) for q, a in zip(QUESTIONS, found, strict=False)}
    lines = []
    for (prior, observed), answer in zip(questioned, found[len(QUESTIONS) :], strict=True):
        if isinstance(answer, Unknown):
            lines.append(f"{observed.title}: unknown ({answer.reason})")
        elif differs(prior, line_of(answer)):
            now = replace(prior, line=line_of(answer))
            lines.append(f"{prior.kind} {prior.name}: {words(now)}, was {words(prior)}")
    return [*lines, *_left(answers, reset.state)]


def _left(answers: Mapping[str, Answer], before: HostState) -> list[str]:
    """Traces that are still there."""
    run = current_run()
    if problem := unanswered("", answers):
        return [f"what is left is unknown: it {problem}"]
    try:
        now = host_state(answers)
    except UnansweredError as error:
        return [f"what is left is unknown ({error})"]
    record = ("modes", "paths", "prior_tables", "prior_sets", "prior_rules")
    known = replace(now, **{name: getattr(before, name) for name in record})
    left = footprint(run.spec.cluster, run.spec.network, known)
    return [s for s in left.sentences if not s.startswith(("paths:", "mounts:"))]
