"""Waits for what a cluster that was just deployed has not got yet."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from underlay.checks.control_plane import KUBE_PROXY_SERVES

from .target import Target
from .timeouts import PATIENCE


def kube_proxies(target: Target, *, lane: str = "") -> None:
    """Return once kube-proxy of every node has written its rules, or patience is at its end: then checks tell."""
    if target.spec.network.replaces_kube_proxy:
        return
    serves = KUBE_PROXY_SERVES.format(seconds=int(PATIENCE))
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(lambda n: target.host(n.name, lane=lane).run(serves), target.nodes))
