"""Waits for what a cluster that was just deployed has not got yet."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from underlay.checks.control_plane import kube_proxy_ready

from .target import Target
from .timeouts import START_TIMEOUT_S


def wait_for_kube_proxy(target: Target, *, lane: str = "") -> None:
    """Return once kube-proxy on every node has written its rules, or the time is over: its check fails then."""
    if target.spec.network.replaces_kube_proxy:
        return
    command = kube_proxy_ready(target.spec.cluster, seconds=int(START_TIMEOUT_S))

    def wait(name: str) -> None:
        # That a host cannot be reached, its own checks tell.
        with suppress(AssertionError):
            target.host(name, lane=lane).run(command)

    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(wait, (n.name for n in target.nodes)))


def patience_s(target: Target) -> float:
    """Seconds to wait for pods and nodes: less where a host cannot be reached, for what is on it comes in vain."""
    return START_TIMEOUT_S / 3 if target.silent else START_TIMEOUT_S
