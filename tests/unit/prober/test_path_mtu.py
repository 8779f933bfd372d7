"""The search for a path's MTU: against paths of every size, with and without a router that reports one, and with loss."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from underlay.prober.path_mtu import SMALLEST, PathMtuSearch

STEP = 0.05


def searched(path: PathMtuSearch, *, carries: int, reported: int = 0, lost: frozenset[int] = frozenset()) -> int:
    """Walk through time with a path that carries so much; the number of packets that were sent."""
    sent = 0
    for step in range(400):
        now = step * STEP
        for size in path.due(now):
            sent += 1
            if sent in lost:
                continue
            if size <= carries:
                path.passed(size)
            elif reported:
                path.limited(reported, now)
        if path.done:
            return sent
    raise AssertionError("the search does not end")


def test_a_path_that_carries_everything_costs_one_packet() -> None:
    path = PathMtuSearch(1500)
    assert searched(path, carries=1500) == 1
    assert path.largest == 1500


@given(st.integers(1280, 8999))
def test_a_reported_mtu_is_used_and_tried(mtu: int) -> None:
    path = PathMtuSearch(9000)
    assert searched(path, carries=mtu, reported=mtu) <= 3
    assert (path.largest, path.reported) == (mtu, mtu)


@given(st.integers(SMALLEST, 9000))
def test_a_black_hole_is_measured_to_the_byte_in_few_packets(mtu: int) -> None:
    path = PathMtuSearch(9000)
    assert searched(path, carries=mtu) <= 70
    assert path.largest == mtu


@given(st.integers(1280, 1500))
def test_on_ethernet_forty_packets_suffice(mtu: int) -> None:
    path = PathMtuSearch(1500)
    assert searched(path, carries=mtu) <= 40
    assert path.largest == mtu


@given(st.integers(1280, 1500), st.frozensets(st.integers(1, 2), max_size=2))
def test_a_lost_packet_does_not_lower_the_mtu(mtu: int, lost: frozenset[int]) -> None:
    path = PathMtuSearch(1500)
    searched(path, carries=mtu, reported=mtu, lost=lost)
    assert path.largest == mtu


def test_a_path_that_carries_nothing_ends_the_search() -> None:
    path = PathMtuSearch(1500)
    searched(path, carries=0)
    assert path.largest == 0


def test_a_wrong_reported_mtu_is_not_used() -> None:
    path = PathMtuSearch(1500)
    searched(path, carries=1400, reported=1450)
    assert path.largest == 1400
