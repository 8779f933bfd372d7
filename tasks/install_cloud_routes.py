"""Routes and firewall rules of the cloud's network follow the nodes: planned, then applied from the controller."""

from __future__ import annotations

from pyinfra.api import operation
from pyinfra.context import ctx_host

from underlay.clouds.change import CloudError
from underlay.model.routes import Routes
from underlay.run.cloud_routes import make, planned_cloud
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
        yield Step("cloud routes", lambda host, _: make(changes, host.log))


def install_cloud_routes() -> None:
    converge_cloud(name="Install cloud routes")
