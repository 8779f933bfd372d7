"""etcd's arithmetic: who may leave, and what an operator is told."""

from __future__ import annotations

import pytest

from underlay.plan.etcd_members import EtcdMember
from underlay.plan.quorum import in_order, quorum_note, quorum_problems


def members(**answers: bool) -> list[EtcdMember]:
    return [EtcdMember(str(n), name, f"192.0.2.{n}", yes) for n, (name, yes) in enumerate(answers.items(), start=1)]


ALL = members(a=True, b=True, c=True)
ONE_DEAD = members(a=True, b=True, c=False)
TWO_DEAD = members(a=True, b=False, c=False)


@pytest.mark.parametrize(
    ("present", "names", "problem"),
    [
        (ALL, {"c"}, None),
        (ALL, {"b", "c"}, None),
        (ALL, {"a", "b", "c"}, "c: etcd would have no member left"),
        (ONE_DEAD, {"c"}, None),
        # The dead one goes first.
        (ONE_DEAD, {"b", "c"}, None),
        (
            ONE_DEAD,
            {"b"},
            "b: etcd would have 2 members, of which 1 answers, and decides nothing with fewer than 2; bring back those that "
            "do not answer first",
        ),
        (
            TWO_DEAD,
            {"b", "c"},
            "etcd has 3 members, of which 1 answers, and decides nothing with fewer than 2: bring one back, or begin again "
            "from a backup: underlay restore",
        ),
        (members(a=True), {"w"}, None),
    ],
)
def test_etcd_never_loses_its_majority(present: list[EtcdMember], names: set[str], problem: str | None) -> None:
    assert [*quorum_problems(present, names)] == ([problem] if problem else [])


def test_those_that_do_not_answer_go_first() -> None:
    assert [m.name for m in in_order(members(a=True, b=False), {"a", "b"})] == ["b", "a"]


@pytest.mark.parametrize(
    ("present", "names", "told_of"), [(ALL, {"c"}, True), (ALL, {"b", "c"}, False), (ALL, {"w"}, False)]
)
def test_two_members_are_no_safer_than_one(present: list[EtcdMember], names: set[str], told_of: bool) -> None:
    note = "etcd goes on with 2 members, and stops when 1 of them fails; one more, or one fewer, is safer"
    assert quorum_note(present, names) == (note if told_of else "")
