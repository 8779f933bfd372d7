"""`--limit`: names, groups and patterns, and what is left out."""

from __future__ import annotations

import pytest

from underlay.inventory.errors import InvalidInventory
from underlay.inventory.limit import Limit, limited, of_names

HOSTS = ("cp-1", "w-1", "w-2", "w-10")
GROUPS = {"control_plane": ["cp-1"], "workers": ["w-1", "w-2", "w-10"]}


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        (["w-2"], ("w-2",)),
        (["w-2", "w-1"], ("w-1", "w-2")),
        (["workers"], ("w-1", "w-2", "w-10")),
        (["w-1*"], ("w-1", "w-10")),
        (["cp-1", "w-[12]"], ("cp-1", "w-1", "w-2")),
    ],
)
def test_names_groups_and_patterns(patterns: list[str], names: tuple[str, ...]) -> None:
    assert limited(patterns, HOSTS, GROUPS).names == names


def test_every_unknown_one_has_a_line_with_the_nearest_name() -> None:
    with pytest.raises(InvalidInventory) as raised:
        limited(["w-1", "W2", "worker", "x*"], HOSTS, GROUPS)
    assert raised.value.problems == (
        "--limit: unknown host 'W2'; did you mean w-2?",
        "--limit: unknown host 'worker'; did you mean workers?",
        "--limit: unknown host 'x*'; known are control_plane, cp-1, w-1, w-10, w-2, workers",
    )


def test_without_a_limit_every_host_is_meant_and_nothing_left_out() -> None:
    for limit in (limited([], HOSTS, GROUPS), limited(["*"], HOSTS, GROUPS), Limit()):
        assert all(name in limit for name in HOSTS)
        assert (bool(limit), limit.left_out("planned")) == (False, "")


def test_says_in_one_line_what_is_left_out() -> None:
    limit = of_names({"w-2"}, HOSTS)
    assert ("w-2" in limit, "w-1" in limit) == (True, False)
    assert limit.left_out("planned") == "limited to w-2: not planned on cp-1, w-1 and w-10"
    many = of_names({"w-3"}, [f"w-{n}" for n in range(1, 201)])
    assert many.left_out("verified") == "limited to w-3: not verified on w-1, w-2, w-4, w-5 and 195 more"
