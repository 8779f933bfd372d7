"""Static routes: every host learns where the others' pods are, from the cluster itself, at each deploy."""

from __future__ import annotations

from pyinfra.api import operation
from pyinfra.context import ctx_host

from underlay.run.command import Fail, Step, Steps
from underlay.run.converge import apply
from underlay.run.observe import ask_resources
from underlay.run.pod_subnets import active_nodes, learn_subnets
from underlay.run.run import current_run
from underlay.run.static_routes import routes_of


@operation()
def ask_subnets() -> Steps:
    """Have the nodes' pod subnets as they are now; nodes come and go."""
    run, host = current_run(), ctx_host.get()
    if run.has_static_routes and run.is_first(host) and (reason := learn_subnets(host, joined=active_nodes(host))):
        yield Fail(reason)


@operation()
def lay() -> Steps:
    """Converge the routes of a node."""
    host = ctx_host.get()
    resources = routes_of(host)
    if not resources:
        return
    pending = [(r, seen) for r, seen in ask_resources(host, resources) if r.sentence(seen)]
    if pending:
        yield Step("routes", lambda host, arguments: apply(host, pending, arguments, among=resources))


def lay_routes() -> None:
    ask_subnets(name="Ask pod subnets")
    lay(name="Lay routes")
