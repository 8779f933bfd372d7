"""Host states are asked on all hosts side by side, and told to the check that each belongs to."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from underlay.resources.resource import Resource
from underlay.verify.resource_states import ResourceStates
from underlay.verify.target import Target


class Checked:
    """A resource whose check says, or raises, what it is made with."""

    def __init__(self, seen: str | BaseException | None) -> None:
        self.seen = seen

    def check(self, host: Any) -> str | None:
        if isinstance(self.seen, BaseException):
            raise self.seen
        return f"{host}: {self.seen}" if self.seen else None


def states(**selected: list[Checked]) -> ResourceStates:
    target = SimpleNamespace(host=lambda name, lane: f"{name} by {lane}")
    return ResourceStates(cast(Target, target), cast(dict[str, list[Resource]], selected))


def test_each_check_gets_its_own_answer_and_its_own_error() -> None:
    well, wrong, broken = Checked(None), Checked("it is missing"), Checked(AssertionError("no answer"))
    found = states(cp=[well, wrong], w=[broken, well])
    assert found.problem("cp", cast(Resource, well)) is None
    assert found.problem("cp", cast(Resource, wrong)) == "cp by states: it is missing"
    with pytest.raises(AssertionError, match="no answer"):
        found.problem("w", cast(Resource, broken))
    assert found.problem("w", cast(Resource, well)) is None
    found.close()
