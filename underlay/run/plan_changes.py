"""What a deploy would change, found by the same question it starts with."""

from __future__ import annotations

import gevent
from pyinfra.api import Host, State
from pyinfra.context import ctx_host, ctx_state

from underlay.clouds.change import CloudError
from underlay.findings.finding import accept, refusals
from underlay.model.routes import Routes
from underlay.plan.host_plan import Phase
from underlay.plan.host_questions import is_member

from .cloud_routes import planned_cloud
from .observe import ask, ask_resources, observed
from .pod_subnets import learn_subnets
from .preflight_findings import findings_of_hosts
from .run import Run, current_run
from .static_routes import routes_of


def planned(state: State) -> tuple[list[str], dict[str, list[str]]]:
    """Preflight's problems, and for each host the sentences of what would change."""
    with ctx_state.use(state):
        hosts = list(state.inventory.get_active_hosts())
        ask_all(state)
        problems = refusals(accept(findings_of_hosts(), current_run().spec.accepted))
        found = {h.name: _sentences(h) for h in sorted(hosts, key=lambda h: h.name)}
        _add_routes(state, hosts, found, problems)
        return problems, found


def ask_all(state: State) -> Run:
    """The run, once every host was asked everything."""
    with ctx_state.use(state):
        hosts = state.inventory.get_active_hosts()
        gevent.joinall([state.pool.spawn(_ask, state, host) for host in hosts], raise_error=True)
        return current_run()


def _add_routes(state: State, hosts: list[Host], found: dict[str, list[str]], problems: list[str]) -> None:
    """What follows from the pod subnets of a cluster that is there: static routes, or the cloud's."""
    run = current_run()
    first = next((h for h in hosts if run.is_first(h)), None)
    if first is None or run.spec.cluster.routes not in (Routes.STATIC, Routes.CLOUD):
        return
    with ctx_host.use(first):
        if learn_subnets(first):
            return  # no cluster yet, as a rule: there is nothing to plan for it
    if run.spec.cluster.routes is Routes.CLOUD:
        try:
            found[first.name] += [f"cloud: {change.sentence}" for change in planned_cloud(run)]
        except CloudError as error:
            problems += error.problems
        return
    gevent.joinall([state.pool.spawn(_add_static, state, h, found[h.name]) for h in hosts], raise_error=True)


def _add_static(state: State, host: Host, lines: list[str]) -> None:
    with ctx_state.use(state), ctx_host.use(host):
        if resources := routes_of(host):
            lines += [s for r, seen in ask_resources(host, resources) if (s := r.sentence(seen))]


def _ask(state: State, host: Host) -> None:
    with ctx_state.use(state), ctx_host.use(host):
        ask(host)


def _sentences(host: Host) -> list[str]:
    run = current_run()
    with ctx_host.use(host):
        lines = [s for r, seen in observed(host, run.plan(host).resources) if (s := r.sentence(seen))]
    if run.is_node(host) and not is_member(run.spec.cluster, run.observed.answers[host.name]):
        last = len(run.plan(host).of(Phase.NETWORK))
        lines.insert(len(lines) - last, f"cluster: {'init' if run.is_first(host) else 'join'}")
    return lines
