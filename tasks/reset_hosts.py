"""Takes hosts back to what they were before their first deploy, side by side, and asks them again."""

from __future__ import annotations

from typing import Any

from pyinfra import logger
from pyinfra.api import Host, operation
from pyinfra.context import ctx_host, ctx_state

from underlay.clouds.change import CloudError
from underlay.reset.consent import Consent
from underlay.reset.host_reset import HostReset
from underlay.run.cloud_routes import make, planned_removal
from underlay.run.command import Fail, Step, Steps, guarded
from underlay.run.reset_hosts import ResetResult, planned_reset, reset_host
from underlay.run.run import current_run

_resets: dict[str, HostReset] = {}
_result = ResetResult()


@operation()
@guarded
def show() -> Steps:
    """Say of each host what goes and what it would be again, before pyinfra asks whether to go on."""
    host, state = ctx_host.get(), ctx_state.get()
    if host.name not in current_run().limit:
        return
    if host.name not in _resets:
        _resets[host.name] = planned_reset(state, host, Consent())
        for line in _resets[host.name].lines:
            logger.info(line)
    if problem := _resets[host.name].problem:
        yield Fail(problem)


@operation()
def take_back() -> Steps:
    """Reset the host, unless one cannot be: then all are left as they are."""
    reset = _resets.get(ctx_host.get().name)
    if reset is None or reset.state is None:
        return
    if any(r.problem for r in _resets.values()):
        yield Fail("not reset, because other hosts cannot be")
    else:
        yield Step("reset", _taken_back)


@operation()
@guarded
def take_back_cloud() -> Steps:
    """Take the cloud's routes back once all hosts are reset, from the controller."""
    host, state = ctx_host.get(), ctx_state.get()
    if host.name != min(h.name for h in state.inventory.get_active_hosts()):
        return
    try:
        changes = planned_removal(current_run())
    except CloudError as error:
        yield Fail("\n".join(error.problems))
        return
    for change in changes:
        logger.info(f"cloud: {change.sentence}")
    if changes and not _result.left:
        yield Step("cloud routes", lambda host, _: make(changes, host.log))


def _taken_back(host: Host, _arguments: dict[str, Any]) -> str | None:
    reset_host(ctx_state.get(), _resets[host.name], _result, say=logger.info)
    if host.name in _result.backups:
        logger.info(f"{host.print_prefix}etcd's data is in {_result.backups[host.name]}")
    return "\n".join(_result.left_on(host.name)) or None


def reset_hosts() -> None:
    show(name="Query hosts")
    take_back(name="Reset hosts")
    take_back_cloud(name="Remove cloud routes")
