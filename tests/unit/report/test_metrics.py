"""What node_exporter reads of a verification, parsed as Prometheus does."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from tests.unit.report.reports import CHECKS, check, path, report, with_failure
from underlay.report.metrics import metrics_of, metrics_without_report


def samples(text: str) -> dict[tuple[str, ...], float]:
    """By name and the labels' values, in the order of the labels' names."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_verified_cluster() -> None:
    found = samples(metrics_of(report(), ended=1796099520.5))
    assert found["underlay_verified", "demo"] == 1
    assert found["underlay_verify_timestamp_seconds", "demo"] == 1796099520.5
    assert found["underlay_verify_duration_seconds", "demo"] == 14.2
    assert found["underlay_network_info", "demo", "some-overlay"] == 1
    assert found["underlay_checks", "demo", "passed"] == len(CHECKS) - 1
    assert found["underlay_checks", "demo", "failed"] == 0
    ends = ("across racks", "demo", "w-1", "w-2")
    assert found["underlay_path_latency_seconds", *ends] == 0.0002
    assert found["underlay_path_throughput_bits_per_second", *ends] == 4e9
    assert found["underlay_path_checks_failed", *ends] == 0


def test_a_path_that_is_broken_is_counted_where_it_is() -> None:
    found = samples(metrics_of(with_failure(), ended=1))
    assert found["underlay_verified", "demo"] == 0
    assert found["underlay_area_checks_failed", "Pod to pod over TCP", "demo", "Network"] == 1
    assert found["underlay_area_checks_failed", "Host state", "demo", "Hosts"] == 0
    assert found["underlay_path_checks_failed", "across racks", "demo", "w-1", "w-2"] == 1
    assert found["underlay_path_checks_failed", "across racks", "demo", "w-2", "w-1"] == 0


def test_what_was_not_measured_or_checked_is_not_there() -> None:
    text = metrics_of(
        report(
            checks=[check("A", "x"), check("B", "y", "skipped", "why")], paths=[path("w-1", "w-2", latency_ms=None)]
        ),
        ended=1,
    )
    assert 'area="A"' in text
    assert 'area="B"' not in text
    assert "latency" not in text


def test_without_a_report_a_cluster_is_not_verified() -> None:
    assert samples(metrics_without_report("demo", ended=7)) == {
        ("underlay_verified", "demo"): 0,
        ("underlay_verify_timestamp_seconds", "demo"): 7,
    }
