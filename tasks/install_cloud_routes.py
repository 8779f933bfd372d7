"""Routes and firewall rules of the cloud's network follow the nodes: planned, then applied from the controller."""

from __future__ import annotations

from typing import Any

from pyinfra.api import Host, operation
from pyinfra.context import ctx_host

from underlay.clouds.change import CloudChange, CloudError
from underlay.model.routes import Routes
from underlay.run.cloud_routes import planned_cloud
from underlay.run.command import Fail, Step, Steps, guarded
from underlay.run.pod_subnets import active_nodes, learn_subnets
from underlay.run.run import current_run


@operation()
@guarded
def converge_cloud() -> Steps:
    """Converge the cloud's routes on the nodes' pod subnets, with source checks off and rules that admit pods."""
    run, host = current_run(), ctx_host.get()
    if run.spec.cluster.routes is not Routes.CLOUD or not run.is_first(host) or host.name not in run.limit:
        return
    if reason := learn_subnets(host, joined=active_nodes(host)):
        yield Fail(reason)
        return
    try:
        changes = planned_cloud(run)
    except CloudError as error:
        yield Fail("\n".join(error.problems))
        return
    if changes:
        yield Step("cloud routes", lambda host, arguments: _apply(host, changes, arguments))


def install_cloud_routes() -> None:
    converge_cloud(name="Install cloud routes")


def _apply(host: Host, changes: list[CloudChange], _arguments: dict[str, Any]) -> str | None:
    for change in changes:
        try:
            change.apply()
        except Exception as error:  # whatever the provider's library raises once its own retries are exhausted
            return f"{change.sentence}: {error}"
        host.log(change.sentence)
    return None
