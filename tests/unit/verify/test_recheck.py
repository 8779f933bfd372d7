"""What went wrong while everything was asked at once is asked a second time, node by node."""

from __future__ import annotations

from underlay.verify.recheck import second_look
from underlay.verify.traffic_results import Pod, TrafficResults

PODS = {name: Pod(name, f"probe-{name}", ("10.244.0.2",)) for name in ("w-1", "w-2", "w-3")}
GIVEN = {
    ("w-1", "body w-2"): "no connection",
    ("w-1", "udp w-2"): "not asked: no connection",
    ("w-1", "mtu"): "ok",
    ("w-2", "dns tcp"): "no answer",
    ("w-2", "body w-1"): "no connection",
    ("w-3", "outside"): "it does not answer",
}


def looked(answers: dict[str, dict[str, str]]) -> tuple[TrafficResults, list[tuple[str, set[str]]]]:
    """The answers after a second look, in which nodes answer so; and what was asked."""
    measured, asked = TrafficResults(given=dict(GIVEN), pods=PODS), []

    def ask(second: TrafficResults, node: str, questions: set[str]) -> None:
        asked.append((node, questions))
        second.given |= {(node, question): seen for question, seen in answers.get(node, {}).items()}

    second_look(measured, ask)
    return measured, asked


def test_what_is_right_now_is_taken_and_what_was_before_is_kept() -> None:
    measured, _ = looked({"w-1": {"body w-2": "ok", "mtu": "wrong"}, "w-2": {"dns tcp": "ok", "body w-1": "late"}})
    assert measured.given == GIVEN | {("w-1", "body w-2"): "ok", ("w-2", "dns tcp"): "ok"}
    assert measured.at_first == {("w-1", "body w-2"): "no connection", ("w-2", "dns tcp"): "no answer"}


def test_what_could_not_be_asked_at_first_is_taken_as_it_is() -> None:
    for seen in ("ok", "lost"):
        measured, _ = looked({"w-1": {"body w-2": "ok", "udp w-2": seen}})
        assert measured.given["w-1", "udp w-2"] == seen


def test_only_what_was_wrong_is_asked_and_the_node_with_least_of_it_first() -> None:
    _, asked = looked({"w-1": {"body w-2": "ok"}})
    assert asked == [("w-1", {"body w-2"}), ("w-2", {"dns tcp", "body w-1"})]


def test_a_network_at_fault_is_not_asked_on_every_node_again() -> None:
    measured, asked = looked({"w-1": {"body w-2": "no connection"}})
    assert [node for node, _ in asked] == ["w-1"]
    assert (measured.given, measured.at_first) == (GIVEN, {})
