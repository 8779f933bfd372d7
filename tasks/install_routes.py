"""Static routes to the other nodes' pod subnets, as the cluster has assigned them at this deploy."""

from __future__ import annotations

from pyinfra.api import operation
from pyinfra.context import ctx_host

from underlay.run.command import Fail, Step, Steps, guarded
from underlay.run.converge import apply, differing, unknown
from underlay.run.observe import observe_resources
from underlay.run.pod_subnets import active_nodes, learn_subnets
from underlay.run.run import current_run
from underlay.run.static_routes import routes_of


@operation()
@guarded
def query_subnets() -> Steps:
    """Query the nodes' current pod subnets."""
    run, host = current_run(), ctx_host.get()
    if run.has_static_routes and run.is_first(host) and (reason := learn_subnets(host, joined=active_nodes(host))):
        yield Fail(reason)


@operation()
@guarded
def converge_routes() -> Steps:
    """Converge the static routes of a node."""
    host = ctx_host.get()
    resources = routes_of(host) if host.name in current_run().limit else ()
    if not resources:
        return
    found = observe_resources(host, resources)
    if reason := unknown(found):
        yield Fail(reason)
    elif pending := differing(found):
        yield Step("routes", lambda host, arguments: apply(host, pending, arguments, among=resources))


def install_routes() -> None:
    query_subnets(name="Query pod subnets")
    converge_routes(name="Install routes")
