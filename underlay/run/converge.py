"""Make hosts what their plan says: only what differs is touched, in one round trip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyinfra.api import Host, operation
from pyinfra.context import ctx_host

from underlay.plan.host_plan import Phase
from underlay.resources.binary import BLOBS
from underlay.resources.resource import Resource, Upload
from underlay.resources.script import apply_script, observe_script, read_observations, read_outcome

from .command import Ran, Step, Steps, run_script, tail
from .observe import observed
from .run import current_run

_LOST = "the host did not answer to the end; the connection was lost, or the host went down"


@operation()
def converge(phase: Phase) -> Steps:
    """Converge the resources of one phase of the host's plan."""
    host = ctx_host.get()
    resources = current_run().plan(host).of(phase)
    pending = [(r, seen) for r, seen in observed(host, resources) if r.sentence(seen)]
    if not pending:
        host.noop(f"{len(resources)} resources are as declared")
        return
    yield Step(phase.value, lambda host, arguments: apply(host, pending, arguments, among=resources))


def apply(
    host: Host, pending: Sequence[tuple[Resource, str]], arguments: dict[str, Any], *, among: Sequence[Resource]
) -> str | None:
    """Apply resources that differ, then what has to follow; the reason of a failure, or None.

    :param pending: resources with their observed lines.
    :param among: all that were looked at: a unit that was well before is behind once its file has changed.
    """
    if reason := _apply(host, pending, arguments):
        return reason
    changed, done = {r.name for r, _ in pending}, {r for r, _ in pending}
    followers = [r for r in among if r not in done and r.follows(changed)]
    if not followers:
        return None
    seen = read_observations(followers, run_script(host, observe_script(followers), arguments).out)
    behind = [(r, line) for r, line in zip(followers, seen, strict=True) if r.sentence(line)]
    return _apply(host, behind, arguments) if behind else None


def _apply(host: Host, pending: Sequence[tuple[Resource, str]], arguments: dict[str, Any]) -> str | None:
    resources = [r for r, _ in pending]
    uploads = list(dict.fromkeys(u for r, seen in pending for u in r.uploads(seen)))
    if uploads and (reason := _push(host, uploads, arguments)):
        return reason
    ran = run_script(host, apply_script(resources), arguments)
    outcome = read_outcome(resources, ran.out)
    if outcome.failed is not None:
        return f"{outcome.failed.title}: {tail(ran.err) or _LOST}"
    if not ran.ok:
        return _LOST
    if outcome.unmet:
        return "applied, and still " + "; ".join(outcome.unmet)
    for resource, seen in pending:
        host.log(resource.sentence(seen) or "")
    return None


def _push(host: Host, uploads: Sequence[Upload], arguments: dict[str, Any]) -> str | None:
    """Bring blobs into the host's cache: under another name first, checked by the host, then renamed."""
    ran = run_script(host, f"mkdir -p {BLOBS} && df -m --output=avail {BLOBS} | tail -n 1", arguments)
    need = sum(u.source.stat().st_size for u in uploads) // 2**20
    if not ran.ok:
        return f"{BLOBS} cannot be made: {tail(ran.err)}"
    if int(ran.out[-1]) < need * 2:
        return f"{ran.out[-1].strip()} MB free in {BLOBS}; {need} MB are to be copied there and unpacked"
    for upload in uploads:
        partial = f"{BLOBS}/.{upload.sha256}.partial"
        if not host.put_file(str(upload.source), partial, **arguments):
            return f"{upload.source.name}: the copy to the host failed"
    lines = "".join(f"{u.sha256}  .{u.sha256}.partial\n" for u in uploads)
    checked: Ran = run_script(
        host,
        f"cd {BLOBS} && sha256sum --quiet -c - <<'END'\n{lines}END\n[ $? = 0 ] || exit 1\n"
        + "".join(f"mv -f .{u.sha256}.partial {u.sha256}\n" for u in uploads),
        arguments,
    )
    return None if checked.ok else f"blobs arrived damaged: {tail(checked.err)}"
