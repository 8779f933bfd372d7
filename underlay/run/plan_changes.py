"""What a deploy would change, by the same query that it starts with."""

from __future__ import annotations

from contextlib import suppress

import gevent
from pyinfra.api import Host, State
from pyinfra.context import ctx_host, ctx_state

from underlay.artifacts.artifact import TrustedFile
from underlay.clouds.change import CloudError
from underlay.findings.finding import accept, refusals
from underlay.machines import MACHINES
from underlay.model.routes import Routes
from underlay.plan.host_plan import Phase
from underlay.plan.membership import Standing, listed_nodes
from underlay.resources.answer import Unknown, line_of
from underlay.resources.script import sentence

from .access_error import AccessError
from .artifacts import ArtifactsOf
from .cloud_routes import planned_cloud
from .converge import unknown
from .held import is_left_cordoned, planned_batches
from .observe import observe_resources, observed, query_host
from .pod_subnets import learn_subnets
from .preflight_findings import findings_of_hosts, silent_hosts
from .run import Run, current_run
from .standings import standing_of
from .static_routes import routes_of


def planned(state: State) -> tuple[list[str], dict[str, list[str]]]:
    """Preflight's refusals, and for each host within the run's limit the sentences of what would change."""
    with ctx_state.use(state):
        hosts = _chosen(state)
        query_all_hosts(state)
        if silent := silent_hosts():
            return silent, {}
        problems = refusals(accept(findings_of_hosts(), current_run().spec.accepted))
        if problems:
            return problems, {}
        found = {h.name: _sentences(h) for h in sorted(hosts, key=lambda h: h.name)}
        _add_routes(state, hosts, found, problems)
        return problems, found


def planned_rollout(state: State) -> list[str]:
    """The steps in which nodes would be changed that serve already; none where nothing on one would be restarted."""
    with ctx_state.use(state):
        return [str(batch) for batch in planned_batches(current_run(), _chosen(state))]


def unnamed_nodes(state: State) -> list[str]:
    """Nodes of the cluster that the inventory does not name."""
    with ctx_state.use(state):
        cluster, answers = current_run().spec.cluster, current_run().observed.answers
    if cluster.first.name not in answers:
        return []
    return sorted({*listed_nodes(answers[cluster.first.name])} - {n.name for n in cluster.nodes})


def _chosen(state: State) -> list[Host]:
    return [h for h in state.inventory.get_active_hosts() if h.name in current_run().limit]


def downloads(state: State) -> list[TrustedFile]:
    """What the hosts would download, by their architectures, and who says what it has to be."""
    with ctx_state.use(state):
        run = current_run()
        if not isinstance(run.artifacts, ArtifactsOf):
            return []
        answers = [given["arch"] for given in run.observed.answers.values() if "arch" in given]
        machines = {line_of(answer) for answer in answers if not isinstance(answer, Unknown)}
        used = {arch for arch, machine in MACHINES.items() if machine in machines}
        return [one for one in run.artifacts.trusted if one.arch in used or one.arch is None]


def query_all_hosts(state: State) -> Run:
    """Query every reachable host; the run, which then has their answers, and the reasons why others gave none."""
    with ctx_state.use(state):
        hosts = state.inventory.get_active_hosts()
        gevent.joinall([state.pool.spawn(_query, state, host) for host in hosts], raise_error=True)
        return current_run()


def _add_routes(state: State, hosts: list[Host], found: dict[str, list[str]], problems: list[str]) -> None:
    """Add what follows from the pod subnets of an existing cluster: static routes, or the cloud's."""
    run = current_run()
    first = next((h for h in state.inventory.get_active_hosts() if run.is_first(h)), None)
    if first is None or run.spec.cluster.routes not in (Routes.STATIC, Routes.CLOUD):
        return
    with ctx_host.use(first):
        if standing_of(first.name) is not Standing.MEMBER:
            return  # no cluster yet, and so no routes to plan
        if reason := learn_subnets(first):
            problems.append(f"{first.name}: {reason}")
            return
    if run.spec.cluster.routes is Routes.CLOUD:
        if first not in hosts:
            return
        try:
            found[first.name] += [f"cloud: {change.sentence}" for change in planned_cloud(run)]
        except CloudError as error:
            problems += error.problems
        return
    gevent.joinall([state.pool.spawn(_add_static, state, h, found[h.name], problems) for h in hosts], raise_error=True)


def _add_static(state: State, host: Host, lines: list[str], problems: list[str]) -> None:
    with ctx_state.use(state), ctx_host.use(host):
        if resources := routes_of(host):
            found = observe_resources(host, resources)
            if reason := unknown(found):
                problems.append(f"{host.name}: {reason}")
            lines += [s for r, answer in found if (s := sentence(r, answer))]


def _query(state: State, host: Host) -> None:
    # The reason why there are no answers is kept with those of the others.
    with ctx_state.use(state), ctx_host.use(host), suppress(AccessError):
        query_host(host)


def _sentences(host: Host) -> list[str]:
    run = current_run()
    with ctx_host.use(host):
        lines = [s for r, answer in observed(host, run.plan(host).resources) if (s := sentence(r, answer))]
    if run.is_node(host) and (step := _step(host)):
        last = len(run.plan(host).of(Phase.NETWORK))
        lines.insert(len(lines) - last, f"cluster: {step}")
    return lines


def _step(host: Host) -> str:
    """What kubeadm, or the cluster's list of nodes, is to be given; empty for a member."""
    match standing_of(host.name):
        case Standing.ABSENT | Standing.STARTED:
            return "init" if current_run().is_first(host) else "join"
        case Standing.MEMBER if is_left_cordoned(host.name):
            return f"uncordon {host.name}, which a rollout that was interrupted has cordoned"
        case Standing.UNLISTED:
            return f"register node {host.name} again, which the cluster does not list"
    return ""
