"""Whether a node serves is known from a whole answer of the API alone."""

from __future__ import annotations

from typing import Any, cast

import pytest

from underlay.run import node_state
from underlay.run.node_state import is_at_work, node_and_pods

WHOLE = ('{"kind": "Node", "spec": {}, "status": {}}', '{"kind": "PodList", "items": []}')


def known(monkeypatch: pytest.MonkeyPatch, *lines: str) -> Any:
    monkeypatch.setattr(node_state, "lines_of", lambda _host, _script: lines)
    return node_and_pods(cast(Any, None), "w-1")


def test_a_whole_answer_is_the_node_and_its_pods(monkeypatch: pytest.MonkeyPatch) -> None:
    node, pods = known(monkeypatch, *WHOLE)
    assert (node["kind"], pods["items"]) == ("Node", [])


@pytest.mark.parametrize(
    "lines",
    [
        (),
        WHOLE[:1],
        (WHOLE[0], WHOLE[1][:-9]),
        ("Warning: v1 is deprecated", WHOLE[0]),
        (WHOLE[0], "null"),
        ('{"kind": "Status"}', WHOLE[1]),
        (WHOLE[0], '{"kind": "Status", "code": 503}'),
        (*WHOLE, "more"),
    ],
)
def test_anything_else_is_no_answer(monkeypatch: pytest.MonkeyPatch, lines: tuple[str, ...]) -> None:
    assert known(monkeypatch, *lines) is None


OLD, NEW = ("2026-12-01T12:00:21.345951Z",), ("2026-12-01T12:00:31.345951Z",)


@pytest.mark.parametrize(
    ("ready", "leases", "expected"),
    [
        (("True",), [OLD, OLD, NEW], True),
        (("True",), [OLD, (), NEW], True),
        (("True",), [OLD], False),
        (("True",), [OLD, ()], False),
        (("True",), [()], False),
        (("Unknown",), [OLD, NEW], False),
        ((), [OLD, NEW], False),
    ],
)
def test_a_node_is_at_work_while_its_lease_is_renewed(
    monkeypatch: pytest.MonkeyPatch, ready: tuple[str, ...], leases: list[tuple[str, ...]], expected: bool
) -> None:
    # A host that died a moment ago: the API calls it Ready, and a drain would wait for its pods in vain.
    left = [*leases]

    def replies(_host: object, script: str) -> tuple[str, ...]:
        if "get lease" not in script:
            return ready
        return left.pop(0) if len(left) > 1 else left[0]

    monkeypatch.setattr(node_state, "lines_of", replies)
    monkeypatch.setattr(node_state, "_POLL_S", 0)
    monkeypatch.setattr(node_state, "_LEASE_S", 0.1)
    assert is_at_work(cast(Any, None), "w-1") is expected
