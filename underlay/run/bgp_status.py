"""Queries every BGP speaker for its sessions, all at once, and the cluster for its nodes' pod subnets."""

from __future__ import annotations

import gevent
from pyinfra.api import Host, State
from pyinfra.context import ctx_host, ctx_state

from underlay.plan.announced import prefixes_question
from underlay.plan.host_questions import UNKNOWN_SUBNETS, read_pod_subnets
from underlay.routing.session_check import SessionRow, verdict
from underlay.routing.speakers import question, read_view

from .access_error import AccessError
from .command import ScriptResult, run_script
from .privilege import root_arguments
from .run import current_run


def query_speakers(state: State) -> tuple[list[SessionRow], list[str]]:
    """A row for every session, and the problems of no session; a host without a reply is reported in its rows."""
    with ctx_state.use(state):
        spec = current_run().spec
        cluster, network = spec.cluster, spec.network
        hosts = list(state.inventory.get_active_hosts())
        jobs = {h.name: state.pool.spawn(_query, state, h, question(cluster, network, h.name)) for h in hosts}
        prefixes = prefixes_question(cluster, network)
        members = [state.pool.spawn(_query, state, h, prefixes) for h in hosts if h.name == cluster.first.name]
        gevent.joinall([*jobs.values(), *members], raise_error=True)
        views = {name: read_view(cluster, network, name, "\n".join(job.value.out)) for name, job in jobs.items()}
        answers = [job.value for job in members]
        rows, problems = verdict(
            cluster, network, views, read_pod_subnets("\n".join(line for a in answers for line in a.out))
        )
        unanswered = [f"{cluster.first.name}: {UNKNOWN_SUBNETS} ({a.reason()})" for a in answers if not a.ok]
        return rows, [*unanswered, *problems]


def _query(state: State, host: Host, script: str) -> ScriptResult:
    with ctx_state.use(state), ctx_host.use(host):
        try:
            return run_script(host, script, root_arguments(host))
        except AccessError as error:
            # Its rows say so.
            return ScriptResult(-1, (), (error.reason,))
