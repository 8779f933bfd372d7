"""The variable `rollout`: what is right, what is refused, and how many nodes a batch is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.clusters import groups, hosts
from underlay.inventory.rollout_settings import RolloutSettings
from underlay.inventory.spec import read_spec

from .spec_problems import problems_of, with_all

SIZES = 'a batch is a number of workers from 1, or a percentage of them from "1%" to "100%"'


@pytest.mark.parametrize(
    ("batch", "workers", "size"),
    [("25%", 200, 50), ("25%", 3, 1), ("10%", 19, 1), ("10%", 20, 2), ("100%", 7, 7), (3, 2, 3), ("1%", 0, 1)],
)
def test_a_batch_is_at_least_one_worker(batch: int | str, workers: int, size: int) -> None:
    assert RolloutSettings(batch=batch).batch_size(workers) == size


def test_without_settings_a_quarter_of_the_workers_is_changed_at_once() -> None:
    settings = read_spec(hosts(), groups()).rollout
    assert (settings.batch, settings.canary, settings.stop_after, settings.drain_s) == ("25%", (), 1, 300)


@pytest.mark.parametrize(
    ("rollout", "line"),
    [
        ({"batch": 0}, f"rollout.batch: {SIZES} (it is 0)"),
        ({"batch": "0%"}, f"rollout.batch: {SIZES} (it is '0%')"),
        ({"batch": "101%"}, f"rollout.batch: {SIZES} (it is '101%')"),
        ({"batch": True}, f"rollout.batch: {SIZES} (it is True)"),
        ({"batch": "ten"}, f"rollout.batch: {SIZES} (it is 'ten')"),
        ({"batch": -1}, f"rollout.batch: {SIZES} (it is -1)"),
        ({"stop_after": 0}, "rollout.stop_after: input should be greater than or equal to 1 (it is 0)"),
        ({"drain_s": "long"}, "rollout.drain_s: input should be a valid integer (it is 'long')"),
        ({"canary": "w-1"}, """rollout.canary: canaries are a list of hosts, e.g. ["w-1"] (it is 'w-1')"""),
        ({"canary": ["W1"]}, "rollout.canary: unknown host 'W1'; did you mean w-1?"),
        (
            {"canary": ["elsewhere.example"]},
            "rollout.canary: unknown host 'elsewhere.example'; known are cp-1, w-1, w-2",
        ),
        ({"canaries": []}, "rollout.canaries: unknown variable 'canaries'; did you mean canary?"),
    ],
)
def test_a_wrong_value_has_one_line(rollout: dict[str, Any], line: str) -> None:
    assert with_all(rollout=rollout) == [line]


def test_a_canary_is_a_node() -> None:
    bgp = {"as_numbers": {"rack-1": 64513, "rack-2": 64514}}
    found = hosts(rollout={"canary": ["tor-1"]}, bgp=bgp)
    found["tor-1"] = {**found["w-1"], "address": "192.0.2.101", "fabric_address": "192.0.2.201", "as_number": 64601}
    lines = problems_of(found, {**groups(), "routers": ("tor-1",)})
    assert "rollout.canary: tor-1 is no node; name a host of control_plane or workers" in lines


def test_problems_of_the_rollout_are_told_with_all_others() -> None:
    lines = with_all(rollout={"batch": 0, "canary": ["w-9"], "stop_after": "x"}, swap="on")
    assert [line.partition(":")[0] for line in lines] == ["swap", "rollout.batch", "rollout.stop_after"]
