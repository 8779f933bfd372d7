"""What must hold before any host is changed: every host is queried, then all are judged together."""

from __future__ import annotations

from pyinfra import logger
from pyinfra.api import operation
from pyinfra.context import ctx_host, ctx_state

from underlay.findings.finding import refusals
from underlay.run.command import Fail, Steps, guarded
from underlay.run.observe import query_host
from underlay.run.preflight_findings import finding_line, findings_of
from underlay.run.run import current_run


@operation()
@guarded
def query() -> Steps:
    """Query everything that the run has to know of a host, in one round trip."""
    query_host(ctx_host.get())
    return
    yield


@operation()
def probe() -> Steps:
    """Judge the hosts' answers; if they are fit, probe the network between them. Once, for all hosts."""
    run = current_run()
    state = ctx_state.get()
    if state.is_executing and run.preflight.findings is None:
        run.preflight.findings = []
        run.preflight.findings = findings_of(state, say=lambda text: logger.info(f"    {text}"))
    return
    yield


@operation()
def judge_hosts() -> Steps:
    """Stop the run on all hosts when one of them, or the network between them, is not fit."""
    run = current_run()
    host = ctx_host.get()
    found = run.preflight.findings or []
    if run.is_first(host) and ctx_state.get().is_executing:
        for finding in found:
            if not finding.refuses:
                logger.warning(finding_line(finding))
    if refusals(found):
        own = [f.line for f in found if f.refuses and host.name in (f.hosts or (f.where,))]
        yield Fail("\n".join(own) if own else "not changed, because preflight refuses other hosts")


def preflight() -> None:
    query(name="Query hosts")
    probe(name="Probe the network")
    judge_hosts(name="Preflight")
