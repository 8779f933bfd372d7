"""Probes that failed while all ran at once are repeated, node by node."""

from __future__ import annotations

from underlay.verify.recheck import retry_failures
from underlay.verify.traffic_results import Pod, TrafficResults

PODS = {name: Pod(name, f"probe-{name}", ("10.244.0.2",)) for name in ("w-1", "w-2", "w-3")}
RESULTS = {
    ("w-1", "body w-2"): "no connection",
    ("w-1", "udp w-2"): "not tested: no connection",
    ("w-1", "mtu"): "ok",
    ("w-2", "dns tcp"): "no answer",
    ("w-2", "body w-1"): "no connection",
    ("w-3", "outside"): "it does not answer",
}


def retried(results_of: dict[str, dict[str, str]]) -> tuple[TrafficResults, list[tuple[str, set[str]]]]:
    """The results after the retry, in which nodes answer as given; and the probes that were repeated."""
    measured, probed = TrafficResults(results=dict(RESULTS), pods=PODS), []

    def run(second: TrafficResults, node: str, probes: set[str]) -> None:
        probed.append((node, probes))
        second.results |= {(node, probe): result for probe, result in results_of.get(node, {}).items()}

    retry_failures(measured, run)
    return measured, probed


def test_a_passed_retry_replaces_the_result_and_keeps_the_first() -> None:
    measured, _ = retried({"w-1": {"body w-2": "ok", "mtu": "wrong"}, "w-2": {"dns tcp": "ok", "body w-1": "late"}})
    assert measured.results == RESULTS | {("w-1", "body w-2"): "ok", ("w-2", "dns tcp"): "ok"}
    assert measured.first_results == {("w-1", "body w-2"): "no connection", ("w-2", "dns tcp"): "no answer"}


def test_results_of_probes_that_were_not_run_before_are_taken_as_they_are() -> None:
    for result in ("ok", "lost"):
        measured, _ = retried({"w-1": {"body w-2": "ok", "udp w-2": result}})
        assert measured.results["w-1", "udp w-2"] == result


def test_only_failed_probes_are_repeated_and_the_node_with_fewest_first() -> None:
    _, probed = retried({"w-1": {"body w-2": "ok"}})
    assert probed == [("w-1", {"body w-2"}), ("w-2", {"dns tcp", "body w-1"})]


def test_a_broken_network_is_not_probed_again_on_every_node() -> None:
    measured, probed = retried({"w-1": {"body w-2": "no connection"}})
    assert [node for node, _ in probed] == ["w-1"]
    assert (measured.results, measured.first_results) == (RESULTS, {})
