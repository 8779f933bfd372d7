"""BIRD's view of a node's sessions, in the words of BIRD 1.6.8, which is the release in calico-node."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.clusters import cluster, network, one_rack, with_bgp
from underlay.model.bgp_view import NeighbourState
from underlay.routing.speakers import question, read_view

RACKS = cluster(bgp=with_bgp())
BIRD = network("calico-bgp")
COUNTERS = '{"kernel":{"TcpExtTCPMD5NotFound":0,"TcpExtTCPMD5Unexpected":0,"TcpExtTCPMD5Failure":4}}\n'
# `show status`, `show protocols all`, `show route` on a control socket: a peer with three prefixes, and one that is down.
SAID = Path(__file__).with_name("bird-1.6.8.txt").read_text()


def test_the_view_is_what_bird_says() -> None:
    view = read_view(RACKS, BIRD, "w-1", COUNTERS + SAID)
    assert (view.router_id, view.unsigned, view.trouble) == ("192.0.2.2", 4, "")
    prefixes = frozenset({"10.244.0.7/32", "10.244.2.0/26", "10.244.0.0/26"})
    assert view.neighbours == {
        "192.0.2.101": NeighbourState(
            state="Established",
            remote_as=64601,
            local_as=64513,
            up=14.0,
            ttl_security=None,
            sent=1,
            received=prefixes,
            accepted=prefixes,
        ),
        "192.0.2.109": NeighbourState(
            state="Connect",
            remote_as=64601,
            local_as=64513,
            reason="Socket: No route to host",
            ttl_security=None,
        ),
    }


@pytest.mark.parametrize(
    ("since", "seconds"), [("10:21:25", 14.0), ("10:21:59", 86380.0), ("2026-11-28", 210099.0), ("?", 0.0)]
)
def test_a_time_of_another_day_is_a_date(since: str, seconds: float) -> None:
    said = SAID.replace("up     10:21:25    Established", f"up     {since}    Established")
    assert read_view(RACKS, BIRD, "w-1", said).neighbours["192.0.2.101"].up == seconds


def test_a_prefix_stands_once_before_all_its_routes() -> None:
    more = SAID.replace(
        "[Global_192_0_2_101 10:21:25] * (100) [AS64601i]\n 10.244.2.0",
        "[Global_192_0_2_101 10:21:25] * (100) [AS64601i]\n"
        "                    via 192.0.2.109 on cv0 [Global_192_0_2_109 10:21:25] (100) [AS64601i]\n 10.244.2.0",
        1,
    )
    view = read_view(RACKS, BIRD, "w-1", more)
    assert view.neighbours["192.0.2.109"].accepted == frozenset({"10.244.0.7/32"})


def test_a_node_without_bird_is_reported() -> None:
    for said in ("", COUNTERS, "0001 BIRD 1.6.8 ready.\n"):
        assert read_view(RACKS, BIRD, "w-1", said).trouble == "BIRD does not answer; does calico-node run?"


def test_routers_are_asked_for_frr_and_nodes_for_bird() -> None:
    assert "bird.ctl" in question(RACKS, BIRD, "w-1")
    assert "vtysh" not in question(RACKS, BIRD, "w-1")
    assert "vtysh" in question(RACKS, BIRD, "tor-1")
    assert "vtysh" in question(RACKS, network("routed"), "w-1")
    assert "bird.ctl" in question(one_rack(), network("calico-pure-ip"), "w-1")
