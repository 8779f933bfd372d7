"""A user group that exists: made once, and left alone afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.local_host import Result, SayingHost, Shell
from underlay.resources.group import Group

OPERATORS = Group("operators")


@pytest.fixture
def groups(shell: Shell, tmp_path: Path) -> Path:
    """The groups of a host, by name."""
    made = tmp_path / "groups"
    made.mkdir()
    shell.program_is("getent", f'[ -e "{made}/$2" ]')
    shell.program_is("groupadd", f'[ ! -e "{made}/$2" ] && touch "{made}/$2"')
    return made


def test_a_missing_group_is_made_once(shell: Shell, groups: Path) -> None:
    assert OPERATORS.sentence(shell.observe(OPERATORS)[0]) == "group operators: absent -> present"
    for _ in range(2):
        assert shell.apply(OPERATORS).unmet == ()
        assert shell.run(f"set -eu\n{OPERATORS.apply()}").rc == 0
    assert [path.name for path in groups.iterdir()] == ["operators"]
    assert OPERATORS.sentence(shell.observe(OPERATORS)[0]) is None


def test_a_host_that_does_not_answer_is_no_host_that_has_it() -> None:
    assert OPERATORS.difference("") == "unknown -> present"


@pytest.mark.parametrize(
    ("shown", "problem"),
    [("root\noperators\n", None), ("root\noperators2\n", "group operators: absent, expected present")],
)
def test_the_check_reads_the_file_of_groups(shown: str, problem: str | None) -> None:
    assert OPERATORS.check(SayingHost({"cut -d: -f1 /etc/group": Result(0, shown)})) == problem
