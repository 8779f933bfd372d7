"""Whether a node serves is known from a whole answer of the API alone."""

from __future__ import annotations

from typing import Any, cast

import pytest

from underlay.run import node_state
from underlay.run.node_state import node_and_pods

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
