"""A top-of-rack router that loses its uplink: equal paths before and after, one while it is away, traffic goes on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .light_fabric import LightFabric
from .uplink import ECHOER, Cut, cut_once, light_fabric, prepare
from .waiting import until

pytestmark = [pytest.mark.lab, pytest.mark.alone]
# Hosts here share a machine's cores: with shorter ones a busy third of a second is a dead peer, and sessions flap.
BFD_MS = 300
# Two minutes of it are those in which sessions that came up are counted.
CONVERGED_S = 240.0
LOST_MOST = 200


@pytest.fixture(scope="module")
def fabric(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LightFabric]:
    made = light_fabric("uplink", "10.105.0.0/16", tmp_path_factory.mktemp("uplink"), bfd_interval=BFD_MS)
    made.down()
    try:
        made.up()
        run = made.deploy()
        assert run.code == 0, run.end
        prepare(made)
        settle(made)
        yield made
    finally:
        made.down()


@pytest.fixture(scope="module")
def cut(fabric: LightFabric) -> Cut:
    return cut_once(fabric)


def settle(fabric: LightFabric) -> None:
    """Wait for every session, and every prefix in it."""
    until(lambda: fabric.underlay_bgp().code == 0, within=CONVERGED_S, every=1)


def test_equal_paths_before_and_after_and_one_while_it_is_away(cut: Cut) -> None:
    assert {host: tuple(len(hops) for hops in observed) for host, observed in cut.hops.items()} == {
        "tor-2": (2, 1, 2),
        ECHOER: (2, 1, 2),
    }


def test_traffic_goes_on(cut: Cut) -> None:
    assert cut.hit, "no flow went through the uplink that was cut: nothing was shown"
    assert cut.packets <= LOST_MOST, f"{cut.packets} packets lost in {cut.seconds:.2f} s"
    last_second = [flow.lost_between(cut.ended - 1, cut.ended) for flow in cut.flows]
    assert last_second == [0] * len(cut.flows)


def test_both_sides_agree_when_it_is_back(fabric: LightFabric, cut: Cut) -> None:
    settle(fabric)
