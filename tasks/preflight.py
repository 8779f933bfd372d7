"""What must be true before anything is touched: every host is queried, then all are judged together."""

from __future__ import annotations

from pyinfra import logger
from pyinfra.api import operation
from pyinfra.context import ctx_host, ctx_state

from underlay.findings.finding import refusals
from underlay.run.command import Fail, Steps
from underlay.run.observe import ask
from underlay.run.preflight_findings import findings_of, line_of
from underlay.run.run import current_run


@operation()
def ask_host() -> Steps:
    """Observe everything about a host, once."""
    ask(ctx_host.get())
    return
    yield


@operation()
def probe() -> Steps:
    """Judge what the hosts said; if they are fit, ask the wire between them. One host speaks for all."""
    run = current_run()
    state = ctx_state.get()
    if state.is_executing and run.preflight.findings is None:
        run.preflight.findings = []
        run.preflight.findings = findings_of(state, say=lambda text: logger.info(f"    {text}"))
    return
    yield


@operation()
def judge_hosts() -> Steps:
    """Stop the run, on all hosts, when any of them, or anything between them, is not fit."""
    run = current_run()
    host = ctx_host.get()
    found = run.preflight.findings or []
    if run.is_first(host) and ctx_state.get().is_executing:
        for finding in found:
            if not finding.refuses:
                logger.warning(line_of(finding))
    if refusals(found):
        own = [f.line for f in found if f.refuses and host.name in (f.hosts or (f.where,))]
        yield Fail("\n".join(own) if own else "not touched, because of the problems of other hosts")


def preflight() -> None:
    ask_host(name="Ask hosts")
    probe(name="Ask the wire")
    judge_hosts(name="Preflight")
