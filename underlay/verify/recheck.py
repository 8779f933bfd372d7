"""Repeats the probes that failed while all of them ran at once.

A busy host loses a datagram or a second, and answers when it is probed alone; a broken network fails twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from underlay.patience import stretched

from . import external_clients
from .progress import say
from .traffic_results import NOT_TESTED, TrafficResults, is_failure

# No further node is begun with after this many seconds.
_LIMIT_S = stretched(30)


def retry_failures(measured: TrafficResults, probe: Callable[[TrafficResults, str, set[str]], None]) -> None:
    """One node after another, those with the fewest failures first, until a node improves in nothing.

    What passes now is taken, and its first result is kept.

    :param probe: runs a node's probes again, and notes the results.
    """
    began, passed_now = time.monotonic(), 0
    # Those from outside are repeated where they are made.
    failed = {node: probes for node in measured.pods if (probes := measured.failed(node) - external_clients.PROBES)}
    for node in sorted(failed, key=lambda name: len(failed[name])):
        if time.monotonic() - began > _LIMIT_S:
            break
        second = TrafficResults(pods=measured.pods)
        probe(second, node, failed[node])
        passed = {
            key: result for key, result in second.results.items() if key[1] in failed[node] and not is_failure(result)
        }
        measured.first_results |= {key: measured.results[key] for key in passed}
        measured.results |= passed | {k: result for k, result in second.results.items() if _was_not_tested(measured, k)}
        measured.captures |= {key: text for key, text in second.captures.items() if (node, f"wire {key[1]}") in passed}
        passed_now += len(passed)
        if not passed:
            break
    if passed_now:
        say(f"{passed_now} probes passed when repeated, one node at a time")


def _was_not_tested(measured: TrafficResults, key: tuple[str, str]) -> bool:
    return measured.results.get(key, "").startswith(NOT_TESTED)
