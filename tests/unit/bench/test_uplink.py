"""What a cut uplink cost, reckoned from when packets were sent and which did not come back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.bench.figures.uplink import refusal
from tests.lab.deployed import Run
from tests.lab.light_fabric import changed
from tests.lab.uplink import Cut, Flow

# A packet each 0.01 s for ten seconds; the uplink was cut at 2 and joined again at 5.
SENT = tuple(n / 100 for n in range(1000))
TWO, ONE = frozenset({"a", "b"}), frozenset({"a"})
WELL = Cut(
    flows=(Flow(SENT, tuple(range(201, 231))), Flow(SENT, ()), Flow(SENT, (201, 202))),
    cut=2.0,
    back=5.0,
    ended=9.99,
    hops={"tor-2": (TWO, ONE, TWO)},
    one_left=0.3,
)


def test_the_flow_that_lost_most_is_told() -> None:
    assert (WELL.packets, round(WELL.seconds, 2), WELL.hit, WELL.packets_at_return) == (30, 0.31, 2, 0)


def test_what_is_lost_when_it_comes_back_is_told_apart() -> None:
    cut = replace(WELL, flows=(Flow(SENT, (201, 501, 502)),))
    assert (cut.packets, cut.packets_at_return) == (1, 2)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"hops": {"tor-2": (TWO, TWO, TWO)}}, "tor-2 had 2, 2, 2 next hops before, meanwhile and after, not 2, 1, 2"),
        ({"flows": (Flow(SENT, ()),)}, "no flow went through the uplink that was cut"),
        ({"flows": (Flow(SENT, (201, 995)),)}, "1 packets were lost in the last second"),
    ],
)
def test_a_run_that_shows_nothing_does_not_count(changes: dict[str, object], reason: str | None) -> None:
    assert refusal(replace(WELL, **changes)) == reason  # type: ignore[arg-type]


def test_hosts_that_a_run_changed_are_those_with_success() -> None:
    text = "--> Starting operation: Converge\n    [w-1] No changes\n    [w-39] Success\n    [tor-4] \x1b[32mSuccess\x1b[0m\n"
    assert changed(Run(0, text)) == {"w-39", "tor-4"}
