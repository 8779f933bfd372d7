"""Resource states are read on all hosts in parallel, and each reaches its own check."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from underlay.resources.resource import Resource
from underlay.verify.resource_states import ResourceStates
from underlay.verify.target import Target


class Checked:
    """A resource whose check says, or raises, what it is made with."""

    def __init__(self, detail: str | BaseException | None) -> None:
        self.detail = detail

    def check(self, host: Any) -> str | None:
        if isinstance(self.detail, BaseException):
            raise self.detail
        return f"{host}: {self.detail}" if self.detail else None


def states(**selected: list[Checked]) -> ResourceStates:
    target = SimpleNamespace(host=lambda name, lane: f"{name} by {lane}")
    return ResourceStates(cast(Target, target), cast(dict[str, list[Resource]], selected))


def test_each_check_gets_its_own_result_and_its_own_error() -> None:
    well, wrong, broken = Checked(None), Checked("it is missing"), Checked(AssertionError("no answer"))
    found = states(cp=[well, wrong], w=[broken, well])
    assert found.problem("cp", cast(Resource, well)) is None
    assert found.problem("cp", cast(Resource, wrong)) == "cp by states: it is missing"
    with pytest.raises(AssertionError, match="no answer"):
        found.problem("w", cast(Resource, broken))
    assert found.problem("w", cast(Resource, well)) is None
    found.close()
