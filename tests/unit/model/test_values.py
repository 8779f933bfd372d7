from __future__ import annotations

from typing import Any

import pytest

from underlay.model.values import leaves, merged


@pytest.mark.parametrize(
    ("base", "over", "result"),
    [
        ({}, {}, {}),
        ({"a": 1}, {"a": 2}, {"a": 2}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 3, "d": 4}}, {"a": {"b": 1, "c": 3, "d": 4}}),
        ({"a": {"b": 1}}, {"a": 2}, {"a": 2}),
        ({"a": 1}, {"a": {"b": 2}}, {"a": {"b": 2}}),
        ({"a": [1]}, {"a": [2]}, {"a": [2]}),
        ({"a": 1}, {"a": None}, {"a": None}),
    ],
)
def test_tables_are_merged_and_values_replaced(
    base: dict[str, Any], over: dict[str, Any], result: dict[str, Any]
) -> None:
    assert merged(base, over) == result


def test_merging_changes_neither_side() -> None:
    base, over = {"a": {"b": 1}}, {"a": {"c": 2}}
    merged(base, over)
    assert (base, over) == ({"a": {"b": 1}}, {"a": {"c": 2}})


def test_leaves_are_every_value_by_its_dotted_path() -> None:
    values = {"a": {"b": 1, "c": {}}, "d": [{"e": 2}]}
    assert list(leaves(values)) == [("a.b", 1), ("a.c", {}), ("d", [{"e": 2}])]
