"""The path matrix: every path that was probed, the result of each check, and its speed next to the hosts' own."""

from __future__ import annotations

from typing import Any

from underlay.model.cluster import Cluster

from .paths import kind, paths
from .traffic_results import NOT_TESTED, TrafficResults

# What the report calls a check -> the probe on the path's first node.
CHECKS = {
    "tcp": "body",
    "udp": "udp",
    "source": "source",
    "packet": "packet",
    "wire": "wire",
    "node to pod": "host",
    "pod to node": "node",
    "hostPort": "host-port",
    "NodePort": "node-port",
}
_MBIT = 10_000_000 * 8 / 1e6


def matrix(cluster: Cluster, measured: TrafficResults) -> list[dict[str, Any]]:
    """A row for each pair of nodes, with the checks of both IP versions."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for path in paths(cluster):
        results = {name: measured.results.get((path.one, f"{probe} {path.label}")) for name, probe in CHECKS.items()}
        suffix = f" (IPv{path.version})" if path.secondary else ""
        checks = {f"{name}{suffix}": r for name, r in results.items() if r and not r.startswith(NOT_TESTED)}
        if path.secondary:
            rows[path.one, path.other]["checks"] |= checks
            continue
        rows[path.one, path.other] = {
            "from": path.one,
            "to": path.other,
            "class": kind(cluster, path),
            "checks": checks,
            **figures(measured.speeds.get((path.one, path.label), "")),
            "capture": measured.captures.get((path.one, path.label)),
        }
    return list(rows.values())


def figures(line: str) -> dict[str, float | None]:
    """What traffic.sh measured: the shortest round trip in ms, and seconds for 10 MB, of the pods and of the hosts."""
    fields = [_number(field) for field in line.split(",")] if line else [None] * 4
    latency, took, host_latency, host_took = fields
    return {
        "latency_ms": latency,
        "throughput_mbit": _rate(took),
        "host_latency_ms": host_latency,
        "host_throughput_mbit": _rate(host_took),
    }


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _rate(seconds: float | None) -> float | None:
    return round(_MBIT / seconds) if seconds else None
