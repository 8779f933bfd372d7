"""Waiting for a condition, within a bound that a busy machine cannot break and a fault cannot outlast."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

COMMAND_S = 1200
"""For a command that a test runs: longer than any takes on a busy machine, shorter than a run of all tests."""


def slowness() -> float:
    """How many times as long as on a quiet machine things take: what wants to run, per core; 1 at least."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def patience() -> str:
    """UNDERLAY_PATIENCE, which commands derive their limits from: what is set, or the default, times the slowness.

    Clusters of other tests stand beside: a machine with five times as much to do as it can is usual.
    """
    usual = float(os.environ.get("UNDERLAY_PATIENCE", "90"))
    return f"{usual * max(1.0, slowness() / 5):.0f}"


def until(ask: Callable[[], T | None], *, within: float, every: float = 0.2) -> T:
    """Ask until there is an answer that counts as true, and return it.

    :param within: seconds on a quiet machine; they grow with the load that is measured meanwhile.
    """
    began, slowest = time.monotonic(), 1.0
    while True:
        if answer := ask():
            return answer
        slowest = max(slowest, slowness())
        waited = time.monotonic() - began
        assert waited < within * slowest, f"not observed within {waited:.0f} s, the machine {slowest:.1f} times as busy"
        time.sleep(every)


def listening(protocol: str, port: int) -> str:
    """A shell command that ends when a program listens at a port; `protocol` is t for TCP, u for UDP."""
    return shell_until(f"ss -Hln{protocol} sport = :{port} | grep -q .")


def shell_until(condition: str, *, within: int = 300) -> str:
    """A shell command that ends when a condition holds, and fails after `within` seconds."""
    return f"timeout {within} sh -c 'until {condition}; do sleep 0.1; done'"
