"""Static routes: every host learns where the others' pods are, from the cluster itself, at each deploy."""

from __future__ import annotations

from collections.abc import Sequence

from pyinfra.api import Host, operation
from pyinfra.context import ctx_host

from underlay.resources.resource import Resource
from underlay.routing.resources import learned
from underlay.run.command import Fail, Step, Steps
from underlay.run.converge import apply
from underlay.run.observe import ask_resources
from underlay.run.pod_subnets import active_nodes, learn_subnets
from underlay.run.run import deployment


@operation()
def ask_subnets() -> Steps:
    """Have the nodes' pod subnets as they are now; nodes come and go."""
    run, host = deployment(), ctx_host.get()
    if run.lays_routes and run.is_first(host) and (reason := learn_subnets(host, joined=active_nodes(host))):
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


def routes_of(host: Host) -> Sequence[Resource]:
    """The resources that follow from the nodes' pod subnets; none where the network tells routes another way."""
    run = deployment()
    if not run.lays_routes or not run.is_node(host):
        return ()
    return learned(run.spec.cluster, run.spec.network, run.spec.cluster.node(host.name), run.subnets)


def lay_routes() -> None:
    ask_subnets(name="Ask pod subnets")
    lay(name="Lay routes")
