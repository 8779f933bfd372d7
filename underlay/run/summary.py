"""The summary at the end of a run: the nodes, what changed, how long it took, what to do next."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from pyinfra.api import State
from rich.console import Console
from rich.markup import escape
from rich.table import Table

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
    if more := len(run.spec.cluster.nodes) - len(shown):
        console.print(f"and {more} more nodes, all Ready")
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


def _shown(run: Run) -> list[Node]:
    """All nodes where there is room for them; otherwise those that failed or are not Ready, and as many more as fit."""
    nodes = run.spec.cluster.nodes
    if len(nodes) <= ROWS:
        return list(nodes)
    states = run.verification.nodes
    wrong = [n for n in nodes if n.name in run.log.failures or states.get(n.name, {}).get("state") != "Ready"]
    ready = [n for n in nodes if n not in wrong]
    kept = [*wrong, *ready[: max(ROWS - len(wrong), 0)]]
    return [n for n in nodes if n in kept]


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
