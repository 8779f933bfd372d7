"""Drains a node before its pods would notice a change, and takes it back into service after."""

from __future__ import annotations

import json
from collections.abc import Iterable
from shlex import quote

from pyinfra.api import Host
from pyinfra.context import ctx_host

from underlay.checks.disruption import blocking_budgets
from underlay.model.check import VERIFICATION_NAMESPACE
from underlay.plan.membership import CORDONED
from underlay.resources.api_server import KUBECTL

from .command import reason_of_script
from .node_state import lines_of, node_and_pods
from .privilege import root_arguments

# The annotation tells a node that a rollout has cordoned from one that its operator has.
_KEY = CORDONED.partition("=")[0]


def drain(first: Host, name: str, *, seconds: int, cordoned: bool) -> str | None:
    """Move the pods off a node, as far as their disruption budgets allow; why that failed, or None.

    A node that was not drained is back in service.

    :param first: the first control-plane host.
    :param seconds: how long it may take.
    :param cordoned: whether the node was cordoned before, by somebody else; it stays so.
    """
    node = quote(name)
    lines = [] if cordoned else [f"{KUBECTL} annotate node {node} {CORDONED} --overwrite >/dev/null"]
    # Pods of a verification that is over, or was killed: they declare no controller, so a drain would refuse to begin.
    ended = f"{KUBECTL} delete pods -n {VERIFICATION_NAMESPACE} --field-selector spec.nodeName={node}"
    lines.append(f"{ended} --ignore-not-found --timeout={seconds}s >/dev/null")
    lines.append(f"{KUBECTL} drain {node} --ignore-daemonsets --delete-emptydir-data --timeout={seconds}s >/dev/null")
    reason = _run(first, lines, most=3)
    if reason is None:
        return None
    budgets = _blocking(first, name)
    if not cordoned:
        uncordon(first, name)
    if budgets:
        return (
            f"it was not drained within {seconds} s, because the disruption budget {', '.join(budgets)} allows none of "
            "its pods to go; give them more replicas, or raise rollout.drain_s"
        )
    return f"it could not be drained: {reason}"


def cordon(first: Host, names: Iterable[str]) -> str | None:
    """Have no pod be placed any more on these nodes, as far as they are there; why that failed, or None.

    A deploy takes them back into service.
    """
    lines = []
    for node in map(quote, names):
        marked = f"{KUBECTL} annotate node {node} {CORDONED} --overwrite >/dev/null"
        there = f"u_node=$({KUBECTL} get node {node} --ignore-not-found -o name)"
        lines += [there, f'[ -z "$u_node" ] || {{ {marked}; {KUBECTL} cordon {node} >/dev/null; }}']
    return _run(first, lines)


def uncordon(first: Host, name: str) -> str | None:
    """Take a node back into service that a rollout has cordoned; why that failed, or None."""
    node = quote(name)
    lines = [f"{KUBECTL} uncordon {node} >/dev/null", f"{KUBECTL} annotate node {node} {_KEY}- >/dev/null"]
    return _run(first, lines)


def _run(first: Host, lines: list[str], *, most: int = 8) -> str | None:
    with ctx_host.use(first):
        return reason_of_script(first, "\n".join(["set -eu", *lines, ""]), root_arguments(first), most=most)


def _blocking(first: Host, name: str) -> list[str]:
    known = node_and_pods(first, name)
    replies = lines_of(first, f"{KUBECTL} get --raw /apis/policy/v1/poddisruptionbudgets")
    if known is None or len(replies) != 1:
        return []
    try:
        return blocking_budgets(json.loads(replies[0])["items"], known[1]["items"])
    except (ValueError, KeyError, TypeError):
        # It only says more of why.
        return []
