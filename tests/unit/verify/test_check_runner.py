"""A command on a node: the message where it fails, and the evidence that is kept."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from underlay.model.check import Check
from underlay.report.document import FIRST_ANSWER
from underlay.verify import check_runner
from underlay.verify.target import Target


def target(*answers: tuple[int, str, str]) -> Target:
    """A host that gives these answers one after the other, the last for ever."""
    left = [SimpleNamespace(rc=rc, stdout=out, stderr=err) for rc, out, err in answers]
    host = SimpleNamespace(run=lambda _: left.pop(0) if len(left) > 1 else left[0])
    return cast(Target, SimpleNamespace(host=lambda _: host))


@pytest.fixture(autouse=True)
def in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_runner, "_RETRY_S", 0)


def judge(output: str) -> str | None:
    return None if output == "right" else f"it is {output}"


@pytest.mark.parametrize(
    ("result", "look", "expected"),
    [
        ((0, "wrong", ""), "", "it is wrong; look at `show` on w-1"),
        ((0, "wrong", ""), "its log", "it is wrong; look at its log"),
        ((2, "", "no such thing"), "its log", "`show`: exit status 2: no such thing; look at its log"),
    ],
)
def test_a_failure_says_what_is_wrong_and_where_to_look(result: tuple[Any, ...], look: str, expected: str) -> None:
    kept: list[tuple[str, str]] = []
    with pytest.raises(AssertionError) as failed:
        check_runner.expect(
            target(result), Check("thing", "w-1", "show", judge, look), lambda *piece: kept.append(piece)
        )
    assert str(failed.value).split("\n")[0] == expected
    assert kept == [("show", "".join(result[1:]))]


def test_a_right_answer_passes_and_keeps_no_evidence() -> None:
    kept: list[tuple[str, str]] = []
    check_runner.expect(
        target((0, "right", "")), Check("thing", "w-1", "show", judge), lambda *piece: kept.append(piece)
    )
    assert kept == []


@pytest.mark.parametrize("first", [(0, "wrong", ""), (1, "", "busy")])
def test_a_right_answer_at_the_second_attempt_passes_and_keeps_the_first(first: tuple[int, str, str]) -> None:
    kept: list[tuple[str, str]] = []
    hosts = target(first, (0, "right", ""))
    check_runner.expect(hosts, Check("thing", "w-1", "show", judge), lambda *piece: kept.append(piece))
    assert [name for name, _ in kept] == [FIRST_ANSWER]
