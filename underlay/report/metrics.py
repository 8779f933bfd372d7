"""A verification as metrics in Prometheus' text format, for node_exporter's textfile collector.

Names after prometheus.io/docs/practices/naming: base units, the unit last.
"""

from __future__ import annotations

from collections import Counter

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from .document import OUTCOMES, Report

_MS, _MBIT = 1000, 1_000_000


def metrics_of(report: Report, *, ended: float) -> str:
    """All of a report that a rule may ask for.

    :param ended: when the verification ended, in seconds since 1970.
    """
    found = _Metrics(report.cluster)
    found.verdict(report.verdict == "verified", ended)
    found.set("verify_duration_seconds", "How long the last verification took", report.seconds)
    mode = {"mode": report.network.mode}
    found.set("network_info", "The network that the last verification was of", 1, **mode)
    for outcome in OUTCOMES:
        found.set("checks", "Checks of the last verification", getattr(report.counts, outcome), outcome=outcome)
    failed = Counter((c.group, c.area) for c in report.of("failed"))
    # An area of which nothing was checked is not there, rather than fine.
    for group, area in dict.fromkeys((c.group, c.area) for c in report.checks if c.outcome != "skipped"):
        found.set("area_checks_failed", "Failed checks of an area", failed[group, area], group=group, area=area)
    for path in report.paths:
        ends = {"from": path.from_, "to": path.to, "class": path.class_}
        found.set("path_checks_failed", "Failed checks from a node's pod to another's", len(path.failed), **ends)
        if path.latency_ms is not None:
            found.set("path_latency_seconds", "Round trip between pods", path.latency_ms / _MS, **ends)
        if path.throughput_mbit is not None:
            bits = path.throughput_mbit * _MBIT
            found.set("path_throughput_bits_per_second", "TCP between pods", bits, **ends)
    return found.text


def metrics_without_report(cluster: str, *, ended: float) -> str:
    """Of a verification that did not come to a report: not verified."""
    found = _Metrics(cluster)
    found.verdict(False, ended)
    return found.text


class _Metrics:
    """Gauges of one cluster, by their names without the prefix."""

    def __init__(self, cluster: str) -> None:
        self._cluster, self._registry = cluster, CollectorRegistry()
        self._gauges: dict[str, Gauge] = {}

    def verdict(self, is_verified: bool, ended: float) -> None:
        self.set("verified", "Whether at least one check ran, and none failed", is_verified)
        self.set("verify_timestamp_seconds", "When the last verification ended", ended)

    def set(self, name: str, what: str, value: float, **labels: str) -> None:
        if name not in self._gauges:
            self._gauges[name] = Gauge(f"underlay_{name}", what, ["cluster", *labels], registry=self._registry)
        self._gauges[name].labels(cluster=self._cluster, **labels).set(value)

    @property
    def text(self) -> str:
        return generate_latest(self._registry).decode()
