"""A problem is one short line, whatever the value, with the nearest name that is known."""

from __future__ import annotations

import pytest

from tests.unit.clusters import groups, hosts
from underlay.inventory.errors import nearest, show

from .spec_problems import problems_of


@pytest.mark.parametrize(
    ("name", "known", "found"),
    [
        ("pod_subnt", ["pod_subnet", "service_subnet"], "pod_subnet"),
        ("PodSubnet", ["pod_subnet", "service_subnet"], "pod_subnet"),
        ("xyzzy", ["pod_subnet"], None),
        ("", ["pod_subnet"], None),
        ("x", [], None),
    ],
)
def test_the_nearest_name_is_found_however_it_is_written(name: str, known: list[str], found: str | None) -> None:
    assert nearest(name, known) == found


class Unspeakable:
    """A value whose representation fails."""

    def __repr__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    "value",
    ["x" * 1000, "a\nb\0c\x1b[31m", "\ud800", 10**5000, Unspeakable(), [[[[[[[]]]]]]], {1: 2}],
    ids=["long", "control characters", "surrogate", "huge", "unspeakable", "deep", "odd key"],
)
def test_any_value_is_shown_in_one_short_line(value: object) -> None:
    text = show(value)
    assert len(text) <= 60
    assert text.isprintable()


def test_every_line_is_one_line_of_printable_text() -> None:
    found = hosts(**{"bad\nname": 1})
    found["w\x1b[31m\n"] = found.pop("w-2")
    for line in problems_of(found, groups(workers=("w-1", "w\x1b[31m\n"))):
        assert line.isprintable()
