"""Resets hosts: asks what they have, takes it away side by side, and looks again."""

from __future__ import annotations

import base64
import binascii
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pyinfra.api import Host, State
from pyinfra.context import ctx_host, ctx_state

from underlay.plan.run_lock import holder
from underlay.reset.footprint import Footprint, footprint
from underlay.reset.host_script import host_script, leave
from underlay.reset.kinds import differs, question
from underlay.reset.questions import QUESTIONS, HostState, host_state
from underlay.reset.sentences import sentences, words
from underlay.resources.answer import UnansweredError, Unknown, line_of
from underlay.resources.resource import Question
from underlay.resources.script import observe_script, read_observations

from .access_error import AccessError
from .command import reason_of_script, run_script
from .privilege import root_arguments
from .run import current_run

BACKUPS = Path("backups")


@dataclass(frozen=True)
class HostReset:
    """What a reset would do to a host; `state` is None where nothing of ours is there."""

    host: str
    state: HostState | None
    found: Footprint | None
    problem: str = ""

    @property
    def sentences(self) -> list[str]:
        if self.state is None or self.found is None:
            return []
        return sentences(self.state, self.found)


@dataclass
class ResetResult:
    """What became of each host: the differences that remain, and why one was not reset."""

    differences: dict[str, list[str]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    backups: dict[str, Path] = field(default_factory=dict)


def planned_resets(state: State) -> list[HostReset]:
    """What a reset would do, host by host, of the hosts within the run's limit."""
    with ctx_state.use(state):
        chosen = [h for h in state.inventory.get_active_hosts() if h.name in current_run().limit]
        jobs = [state.pool.spawn(_planned, state, h) for h in chosen]
        return sorted((job.get() for job in jobs), key=lambda reset: reset.host)


def reset_hosts(state: State, resets: list[HostReset], *, keep_images: bool, say: Callable[[str], None]) -> ResetResult:
    """Reset hosts side by side; what each is after it.

    :param say: called with a line as each host ends.
    """
    result = ResetResult()
    hosts = {h.name: h for h in state.inventory.get_active_hosts()}
    with ctx_state.use(state):
        stays = _stays({r.host for r in resets})
        jobs = [
            state.pool.spawn(_reset, state, hosts[r.host], r, stays, keep_images, result, say)
            for r in resets
            if r.state is not None
        ]
        for job in jobs:
            job.get()
    return result


def _stays(resetting: set[str]) -> bool:
    """Whether a control plane goes on without the hosts that are reset."""
    nodes = current_run().spec.cluster.nodes
    return any(n.is_control_plane and n.name not in resetting for n in nodes)


def _planned(state: State, host: Host) -> HostReset:
    with ctx_state.use(state), ctx_host.use(host):
        run = current_run()
        try:
            ran = run_script(host, observe_script(QUESTIONS), root_arguments(host))
            found = read_observations(QUESTIONS, ran.out)
            answers = {q.name: q.read(a) for q, a in zip(QUESTIONS, found, strict=True)}
            known = host_state(answers)
        except (AccessError, UnansweredError) as error:
            return HostReset(host.name, None, None, str(error))
        if not known.is_recorded:
            problem = "it has no record of what it was, as an earlier release deployed it" if known.mark else ""
            return HostReset(host.name, None, None, problem)
        if known.is_late:
            return HostReset(host.name, None, None, "its record began after an earlier release had deployed it")
        return HostReset(host.name, known, footprint(run.spec.cluster, run.spec.network, known))


def _reset(
    state: State, host: Host, reset: HostReset, stays: bool, keep_images: bool, result: ResetResult,
    say: Callable[[str], None],
) -> None:  # fmt: skip
    assert reset.state is not None
    assert reset.found is not None
    with ctx_state.use(state), ctx_host.use(host):
        began = time.monotonic()
        try:
            reason = _locked(host) or _leave(host, reset.state, result) or _take_back(host, reset, stays, keep_images)
            if not reason:
                result.differences[host.name] = _differences(host, reset)
        except AccessError as error:
            reason = error.reason
        if reason:
            result.failed[host.name] = reason
        say(f"{host.name}: {'failed' if reason else 'reset'} after {time.monotonic() - began:.0f} s")


def _locked(host: Host) -> str | None:
    """Take the host's lock; whose it is, if another run's."""
    claim = current_run().claim
    assert claim is not None
    ran = run_script(host, observe_script((claim,)), root_arguments(host))
    answer = claim.read(read_observations((claim,), ran.out)[0])
    if isinstance(answer, Unknown):
        return f"its lock cannot be taken ({answer.reason})"
    other = holder(answer)
    return f"another run is at work on it ({other}); wait until that has ended" if other else None


def _leave(host: Host, known: HostState, result: ResetResult) -> str | None:
    """End the kubelet and etcd, and keep etcd's data here; why that failed, or None."""
    ran = run_script(host, leave(etcd=known.has_etcd), root_arguments(host))
    if not ran.ok:
        return ran.reason()
    if not known.has_etcd:
        return None
    try:
        data = base64.b64decode("".join(ran.out), validate=True)
    except binascii.Error:
        data = b""
    if not data:
        return "etcd's data could not be read; nothing was removed"
    result.backups[host.name] = _keep(f"{current_run().spec.cluster.name}-{host.name}", data)
    return None


def _keep(name: str, data: bytes) -> Path:
    """Write a private file whole."""
    BACKUPS.mkdir(mode=0o700, exist_ok=True)
    path = BACKUPS / f"{name}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-etcd.tar.gz"
    descriptor, partial = tempfile.mkstemp(dir=BACKUPS)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.rename(partial, path)
    return path


def _take_back(host: Host, reset: HostReset, stays: bool, keep_images: bool) -> str | None:
    assert reset.state is not None
    assert reset.found is not None
    subnets = current_run().spec.cluster.pod_subnets
    member = stays and reset.state.has_etcd
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


def _left(answers: Mapping[str, object], before: HostState) -> list[str]:
    """Traces that are still there."""
    run = current_run()
    try:
        now = host_state(answers)  # type: ignore[arg-type]
    except UnansweredError as error:
        return [f"what is left is unknown ({error})"]
    known = replace(now, modes=before.modes, paths=before.paths, prior_tables=before.prior_tables)
    left = footprint(run.spec.cluster, run.spec.network, known)
    return [s for s in left.sentences if not s.startswith(("paths:", "mounts:"))]
