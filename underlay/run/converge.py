"""Converge hosts on their plan: only what differs is changed, in one round trip."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pyinfra.api import Host, operation
from pyinfra.context import ctx_host, ctx_state

from underlay.plan.host_plan import Phase
from underlay.plan.host_record import record_script
from underlay.plan.recorded_mode import mode_line
from underlay.plan.rollout import PHASES
from underlay.preflight.unanswered_findings import unanswered_findings
from underlay.resources.answer import Answer, line_of
from underlay.resources.binary import BLOBS
from underlay.resources.images import Images
from underlay.resources.resource import Resource, Upload
from underlay.resources.script import apply_script, observe_script, read_observations, read_outcome

from .claim import Purpose
from .command import Fail, Step, Steps, guarded, run_script
from .held import is_held
from .observe import observed
from .run import current_run

_CHUNK = 1 << 18
_RECEIVED = "@received"


@operation()
@guarded
def converge(phase: Phase) -> Steps:
    """Converge the resources of one phase of the host's plan."""
    host = ctx_host.get()
    if host.name not in current_run().limit:
        return
    if phase is Phase.NETWORK and current_run().purpose is Purpose.RESTORE:
        host.noop("the network's objects come with all hosts")
        return
    resources = current_run().plan(host).of(phase)
    found = observed(host, resources)
    if reason := unknown(found):
        yield Fail(reason)
        return
    pending = differing(found)
    if not pending:
        host.noop(f"{len(resources)} resources are as declared")
        return
    if ctx_state.get().is_executing and phase in PHASES and is_held(host):
        # Pods of another node's kubeadm may come here, and need the new images.
        pending = [p for p in pending if current_run().purpose is Purpose.UPGRADE and isinstance(p[0], Images)]
        if not pending:
            host.noop("resources differ, and wait for the host's turn in the rollout")
            return
    yield Step(phase.value, lambda host, arguments: apply(host, pending, arguments, among=resources))


def unknown(found: Sequence[tuple[Resource, Answer]]) -> str | None:
    """What is unknown of resources, as the reason to change nothing; None where all is known."""
    answers = {resource.title: answer for resource, answer in found}
    return "; ".join(finding.text for finding in unanswered_findings("", answers)) or None


def differing(found: Sequence[tuple[Resource, Answer]]) -> list[tuple[Resource, str]]:
    """The resources that differ, with the lines they were observed as.

    :raises UnansweredError: when what is there is unknown.
    """
    lines = [(r, line_of(answer)) for r, answer in found]
    return [(r, line) for r, line in lines if r.sentence(line)]


def apply(
    host: Host, pending: Sequence[tuple[Resource, str]], arguments: dict[str, Any], *, among: Sequence[Resource]
) -> str | None:
    """Apply resources that differ, then those that depend on them; why it failed, or None.

    :param pending: resources that differ, with the lines they were observed as.
    :param among: all that were observed: a unit that was as declared needs a restart once its file has changed.
    """
    if reason := _apply(host, pending, arguments):
        return reason
    changed, done = {r.name for r, _ in pending}, {r for r, _ in pending}
    followers = [r for r in among if r not in done and r.follows(changed)]
    if not followers:
        return None
    answers = read_observations(followers, run_script(host, observe_script(followers), arguments).out)
    found = list(zip(followers, answers, strict=True))
    if reason := unknown(found):
        return reason
    behind = differing(found)
    return _apply(host, behind, arguments) if behind else None


def _apply(host: Host, pending: Sequence[tuple[Resource, str]], arguments: dict[str, Any]) -> str | None:
    resources = [r for r, _ in pending]
    uploads = list(dict.fromkeys(u for r, line in pending for u in r.uploads(line)))
    if uploads and (reason := _push(host, uploads, arguments)):
        return reason
    record = record_script(pending, mode=mode_line(current_run().spec.network))
    ran = run_script(host, record + apply_script(resources), arguments)
    outcome = read_outcome(resources, ran.out)
    if outcome.settling:
        ran = run_script(host, apply_script(resources), arguments)
        outcome = read_outcome(resources, ran.out)
    if outcome.failed is not None:
        return f"{outcome.failed.title}: {ran.reason()}"
    if not ran.ok:
        return ran.reason()
    if outcome.unmet:
        return "still differs after it was applied: " + "; ".join(outcome.unmet)
    for resource, line in pending:
        host.log(resource.sentence(line) or "")
    return None


def _push(host: Host, uploads: Sequence[Upload], arguments: dict[str, Any]) -> str | None:
    """Copy blobs into the host's cache: under a temporary name, verified by the host, then renamed."""
    ran = run_script(host, f"mkdir -p {BLOBS} && df -m --output=avail {BLOBS} | tail -n 1", arguments)
    need = sum(u.source.stat().st_size for u in uploads) // 2**20
    if not ran.ok:
        return f"{BLOBS} cannot be created ({ran.reason()})"
    if int(ran.out[-1]) < need * 2:
        return (
            f"{BLOBS}: {ran.out[-1].strip()} MB free, and {need} MB are copied there and unpacked; free {need * 2} MB"
        )
    received = run_script(host, _receive_script(uploads), arguments, more=_contents(uploads))
    if received.ok:
        return None
    upload = uploads[min(sum(line == _RECEIVED for line in received.out), len(uploads) - 1)]
    return f"{upload.source.name} cannot be written to {BLOBS}/{upload.sha256} ({received.reason()}); run again"


def _receive_script(uploads: Sequence[Upload]) -> str:
    """Shell that reads blobs from standard input, one after the other, and leaves nothing of those that do not fit."""
    names = " ".join(f".{u.sha256}.partial" for u in uploads)
    lines = [f"cd {BLOBS} || exit 1", f"trap 'rm -f {names}' EXIT"]
    for u in uploads:
        lines += [
            f"head -c {u.source.stat().st_size} >.{u.sha256}.partial || exit 1",
            f"echo '{u.sha256}  .{u.sha256}.partial' | sha256sum --quiet -c - >&2 || exit 1",
            f"mv -f .{u.sha256}.partial {u.sha256} || exit 1; echo {_RECEIVED}",
        ]
    return "\n".join(lines)


def _contents(uploads: Sequence[Upload]) -> Iterator[bytes]:
    for upload in uploads:
        with upload.source.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk
