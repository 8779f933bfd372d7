"""Rolls a change that restarts something out to the nodes that serve already: canary, batches, control plane.

Nothing is recorded but what hosts and cluster say: what the next run finds to differ is what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import gevent
from pyinfra import logger
from pyinfra.api import Host, State
from pyinfra.context import ctx_state

from underlay.plan.membership import listed_nodes

from .claim import Purpose
from .held import planned_batches
from .host_checks import check_hosts
from .roll_node import NodeTurn
from .run import Run, current_run


def roll_out(state: State, hosts: list[Host]) -> None:
    """Change the nodes among these hosts that wait for their turn; the run then has what was done, and what is left."""
    run = current_run()
    with run.rollout.lock:
        if run.rollout.ended:
            return
        run.rollout.ended = True
        run.rollout.batches = tuple(planned_batches(run, hosts))
        if not run.rollout.batches:
            return
        by_name = {h.name: h for h in state.inventory}
        _unfit(run, hosts)
        for number, batch in enumerate(run.rollout.batches, start=1):
            most = 1 if run.purpose is Purpose.UPGRADE else run.spec.rollout.stop_after
            if len(run.rollout.failed) >= most:
                run.rollout.stopped = True
                return
            logger.info(f"    rollout, step {number} of {len(run.rollout.batches)}: {batch}")
            _roll(run, state, [_turn(run, by_name, name) for name in batch.names])
        # The record would name a version that not all nodes have.
        run.rollout.stopped = run.purpose is Purpose.UPGRADE and bool(run.rollout.failed)


def _unfit(run: Run, hosts: list[Host]) -> None:
    """Nodes that are not Ready and are not to be changed: each counts, so that it does not become one more."""
    if not run.spec.network.carries_pods:
        return
    names = {name for batch in run.rollout.batches for name in batch.names}
    listed = listed_nodes(run.observed.answers[run.spec.cluster.first.name])
    for host in hosts:
        if host.name not in names and host.name in listed and not listed[host.name].is_ready:
            run.rollout.failed[host.name] = "its node is not Ready, and a deploy would change nothing on it"


def _turn(run: Run, by_name: dict[str, Host], name: str) -> NodeTurn:
    listed = listed_nodes(run.observed.answers[run.spec.cluster.first.name])
    return NodeTurn(
        by_name[name],
        by_name[run.spec.cluster.first.name],
        is_worker=not run.spec.cluster.node(name).is_control_plane,
        is_left_cordoned=listed[name].is_left_cordoned,
    )


def _roll(run: Run, state: State, turns: list[NodeTurn]) -> None:
    """Change the nodes of a batch at once, and verify those that serve again."""
    reasons = dict(zip((t.host.name for t in turns), _at_once(NodeTurn.change, turns, state), strict=True))
    serving = [t for t in turns if not reasons[t.host.name]]
    if serving:
        problems = check_hosts(run, state, [t.host.name for t in serving])
        reasons |= {name: "; ".join(lines) for name, lines in problems.items()}
        kept = [t for t in serving if not reasons[t.host.name]]
        reasons |= dict(zip((t.host.name for t in kept), _at_once(NodeTurn.end, kept, state), strict=True))
    run.rollout.changed += [t.host.name for t in turns if t.changed]
    for name, reason in reasons.items():
        if reason:
            run.rollout.failed[name] = reason
            logger.info(f"    rollout: {name} failed")
        else:
            run.rollout.done.append(name)


def _at_once(act: Callable[[NodeTurn], str], turns: Sequence[NodeTurn], state: State) -> list[str]:
    def one(turn: NodeTurn) -> str:
        with ctx_state.use(state):
            return act(turn)

    jobs = [gevent.spawn(one, turn) for turn in turns]
    gevent.joinall(jobs, raise_error=True)
    return [str(job.value) for job in jobs]
