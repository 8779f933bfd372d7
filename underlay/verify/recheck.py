"""Asks a second time what went wrong while everything was asked at once.

A host that is busy loses a datagram or a second, and answers when it is asked alone; a network at fault fails twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from . import external_clients
from .progress import say
from .traffic_results import NOT_ASKED, TrafficResults, is_wrong

# No node is begun with after this many seconds.
_SECONDS = 30.0


def second_look(measured: TrafficResults, ask: Callable[[TrafficResults, str, set[str]], None]) -> None:
    """One node after another, those with the fewest wrong answers first, until a node has nothing new to say.

    What is right now is taken, and what was seen before is kept beside it.

    :param ask: puts a node's questions, and notes the answers.
    """
    began, mended = time.monotonic(), 0
    # Those have had the same second chance where they are asked.
    wrong = {
        node: questions for node in measured.pods if (questions := measured.wrong(node) - external_clients.QUESTIONS)
    }
    for node in sorted(wrong, key=lambda name: len(wrong[name])):
        if time.monotonic() - began > _SECONDS:
            break
        second = TrafficResults(pods=measured.pods)
        ask(second, node, wrong[node])
        right = {key: seen for key, seen in second.given.items() if key[1] in wrong[node] and not is_wrong(seen)}
        measured.at_first |= {key: measured.given[key] for key in right}
        measured.given |= right | {key: seen for key, seen in second.given.items() if _left_out(measured, key)}
        measured.captures |= {key: text for key, text in second.captures.items() if (node, f"wire {key[1]}") in right}
        mended += len(right)
        if not right:
            break
    if mended:
        say(f"{mended} answers came when asked a second time, one node at a time")


def _left_out(measured: TrafficResults, key: tuple[str, str]) -> bool:
    return measured.given.get(key, "").startswith(NOT_ASKED)
