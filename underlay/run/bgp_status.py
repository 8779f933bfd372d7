"""Queries every BGP speaker for its sessions, all at once, and the cluster for its nodes' pod subnets."""

from __future__ import annotations

import gevent
from pyinfra.api import Host, State
from pyinfra.context import ctx_host, ctx_state

from underlay.plan.host_questions import POD_SUBNETS, read_pod_subnets
from underlay.routing.session_check import SessionRow, verdict
from underlay.routing.session_state import question, read_view

from .command import run_script
from .privilege import root_arguments
from .run import current_run


def query_speakers(state: State) -> tuple[list[SessionRow], list[str]]:
    """A row for every session, and the problems of no session; a host without a reply is reported in its rows."""
    with ctx_state.use(state):
        cluster = current_run().spec.cluster
        hosts = list(state.inventory.get_active_hosts())
        jobs = {h.name: state.pool.spawn(_query, state, h, question(cluster, h.name)) for h in hosts}
        members = [state.pool.spawn(_query, state, h, POD_SUBNETS) for h in hosts if h.name == cluster.first.name]
        gevent.joinall([*jobs.values(), *members], raise_error=True)
        views = {name: read_view(cluster, name, job.value) for name, job in jobs.items()}
        subnets = read_pod_subnets("".join(job.value for job in members))
        return verdict(cluster, views, subnets)


def _query(state: State, host: Host, script: str) -> str:
    with ctx_state.use(state), ctx_host.use(host):
        return "\n".join(run_script(host, script, root_arguments(host)).out)
