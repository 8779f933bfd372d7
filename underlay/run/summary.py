"""The summary at the end of a run: the nodes, what changed, how long it took, what to do next."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from pyinfra.api import State
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from underlay.findings.host_sets import by_reason
from underlay.model.node import Node

from .plain_table import plain_table
from .run import Run

# Rows that leave room for the rest of the summary on a screen of 24 lines; further Ready nodes are counted.
ROWS = 12


def show_summary(run: Run, state: State) -> None:
    """Print the summary of a run to standard error, like pyinfra's own output."""
    if not state.is_executing and not run.log.failures:
        return
    console = Console(stderr=True, highlight=False, width=None)
    console.print()
    shown = _shown(run)
    console.print(_nodes(run, shown))
    for line in _rest(run, shown):
        console.print(escape(line), soft_wrap=True)
    cluster, network = run.spec.cluster, run.spec.network
    pods = " and ".join(map(str, cluster.pod_subnets))
    mtu = f", pod MTU {network.pod_mtu(cluster)}" if network.carries_pods else ""
    verification = run.verification
    console.print(
        f"network: {network.mode} ({network.data_path}), pods {pods}{mtu}; {verification.verdict}", soft_wrap=True
    )
    for note in verification.notes:
        console.print(escape(note), soft_wrap=True)
    console.print(f"changes: {_changes(run)}", soft_wrap=True)
    if left := run.limit.left_out("deployed"):
        objects = "" if cluster.first.name in run.limit else "; the cluster's objects are as they were"
        console.print(f"{left}{objects}", soft_wrap=True)
    if rolled := run.rollout.sentence:
        console.print(f"rollout: {rolled}", soft_wrap=True)
    spent = [f"{name} {seconds:.1f}" for name, seconds in run.log.phases if seconds >= 0.05]
    total = time.monotonic() - run.log.began
    console.print(escape(f"seconds: {', '.join(spent)}; all {total:.1f}"), soft_wrap=True)
    for label, value in (("kubeconfig", run.cluster.kubeconfig), ("report", verification.report)):
        if value:
            console.print(f"{label}: {os.path.relpath(value)}", soft_wrap=True)
    if run.log.failures:
        console.print(
            "[bold red]not complete[/]; fix what is reported above and run again: it continues where it stopped"
        )


def _wrong(run: Run) -> dict[str, str]:
    """What is wrong with nodes, by their names: they failed, or are not Ready by the verification."""
    states = {name: known.get("state", "unknown") for name, known in run.verification.nodes.items()}
    not_ready = {name: state for name, state in states.items() if state != "Ready"}
    failed = {name: f"failed: {reason.splitlines()[0]}" for name, reason in run.log.failures.items() if reason}
    nodes = {n.name for n in run.spec.cluster.nodes}
    return {name: what for name, what in (not_ready | failed).items() if name in nodes}


def _shown(run: Run) -> list[Node]:
    """All nodes where there is room for them; otherwise those with which something is wrong, and others that fit."""
    nodes = run.spec.cluster.nodes
    if len(nodes) <= ROWS:
        return list(nodes)
    wrong = _wrong(run)
    kept = sorted(nodes, key=lambda node: node.name not in wrong)[:ROWS]
    return [n for n in nodes if n in kept]


def _rest(run: Run, shown: Sequence[Node]) -> list[str]:
    """A line for each thing that is wrong with nodes that have no row, and one for those that are well."""
    names = {n.name for n in run.spec.cluster.nodes} - {n.name for n in shown}
    wrong = {name: what for name, what in _wrong(run).items() if name in names}
    well = len(names) - len(wrong)
    state = ", all Ready" if run.verification.nodes else ""
    return [*by_reason(wrong), *([f"and {well} more nodes{state}"] if well else [])]


def _nodes(run: Run, shown: Sequence[Node]) -> Table:
    table = plain_table("node", "role", "rack", "address", "version", "state", wraps="state")
    for node in shown:
        known = run.verification.nodes.get(node.name, {})
        failure = run.log.failures.get(node.name)
        first_line = (failure or "").splitlines()[0] if failure else ""
        state = f"[red]failed:[/] {escape(first_line)}" if failure else known.get("state", "unknown")
        table.add_row(node.name, node.role, node.rack, str(node.address), known.get("version", "-"), state)
    for router in run.spec.routers:
        failure = run.log.failures.get(router.name)
        state = f"[red]failed:[/] {escape(failure.splitlines()[0])}" if failure else f"AS {router.as_number}"
        table.add_row(router.name, "router", router.rack, str(router.address), "-", state)
    return table


def _changes(run: Run) -> str:
    changed = {name: len(steps) for name, steps in run.log.changes.items() if steps}
    executions = max(run.log.executions.values(), default=0)
    counts = ", ".join(f"{name} {count}" for name, count in sorted(changed.items())) or "none"
    return f"{counts}; at most {executions} SSH executions on a host"
