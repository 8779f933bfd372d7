"""Both sides' configuration is made from one list of sessions: golden files, and what has to agree."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.unit.clusters import cluster, node, with_bgp
from tests.unit.golden import golden
from underlay.model.cluster import Cluster
from underlay.model.routes import Routes
from underlay.routing.frr import configuration
from underlay.routing.router_config import in_dialect
from underlay.routing.sessions import sessions

WHOLE = {"password": "hush", "bfd": True, "ttl_security": True}


def racks(**bgp: object) -> Cluster:
    return cluster(bgp=with_bgp(**bgp), routes=Routes.BGP)


def mesh(count: int, *, reflectors: tuple[str, ...] = ()) -> Cluster:
    """Nodes of one rack and one AS, without routers."""
    nodes = tuple(node(f"w-{i}", i) for i in range(1, count + 1))
    bgp = with_bgp(routers=(), as_numbers={"rack-1": 64512}, reflectors=reflectors)
    return cluster(nodes=nodes, bgp=bgp, routes=Routes.BGP)


@pytest.mark.parametrize(
    ("name", "made", "host"),
    [
        ("node", racks(), "w-1"),
        ("node-with-everything", racks(**WHOLE), "w-1"),
        ("router", racks(**WHOLE), "tor-1"),
        ("mesh", mesh(3), "w-2"),
        ("reflector", mesh(4, reflectors=("w-1", "w-2")), "w-1"),
    ],
)
def test_is_as_reviewed(name: str, made: Cluster, host: str) -> None:
    text = configuration(made, host)
    assert text == golden(f"frr-{name}.conf", text)


def test_the_two_sides_of_a_session_agree() -> None:
    made = racks(**WHOLE)
    node_side, router_side = configuration(made, "w-1"), configuration(made, "tor-1")
    assert "router bgp 64513" in node_side
    assert "neighbor 192.0.2.2 remote-as 64513" in router_side
    assert "router bgp 64601" in router_side
    assert "neighbor 192.0.2.101 remote-as 64601" in node_side
    for line in ("password hush", "bfd", "ttl-security hops 1"):
        assert f"neighbor 192.0.2.101 {line}" in node_side
        assert f"neighbor 192.0.2.2 {line}" in router_side


def test_timers_that_are_not_frrs_own_are_the_same_on_both_sides() -> None:
    made = racks(**WHOLE, hold_time=12, keepalive=4, bfd_interval=1000)
    for host, peer in (("w-1", "192.0.2.101"), ("tor-1", "192.0.2.2")):
        text = configuration(made, host)
        assert " timers bgp 4 12\n" in text
        assert f" neighbor {peer} bfd\n neighbor {peer} bfd profile UNDERLAY\n" in text
        assert " profile UNDERLAY\n  transmit-interval 1000\n  receive-interval 1000\n" in text
    assert "  receive-interval 1000\n" in in_dialect(made, "frr")


def test_what_is_frrs_default_is_left_out_for_a_reload_would_take_it_for_a_change() -> None:
    text = configuration(racks(**WHOLE), "tor-1")
    assert not re.search("timers|profile|log-neighbor-changes", text)


@pytest.mark.parametrize(("count", "reflectors", "expected"), [(3, (), 3), (60, (), 1770), (60, ("w-1", "w-2"), 117)])
def test_reflectors_spare_a_full_mesh(count: int, reflectors: tuple[str, ...], expected: int) -> None:
    assert len(sessions(mesh(count, reflectors=reflectors))) == expected


def test_routers_of_different_racks_peer_over_their_fabric() -> None:
    made = racks()
    assert made.bgp is not None
    tors = tuple(
        replace(r, managed=True, fabric=node("x", i, prefix="198.51.100.").address)
        for i, r in enumerate(made.bgp.routers, start=1)
    )
    found = sessions(racks(routers=tors))
    assert [(str(s.one.address), str(s.other.address)) for s in found if not s.one.is_node] == [
        ("198.51.100.1", "198.51.100.2")
    ]


@pytest.mark.parametrize("dialect", ["frr", "bird", "table"])
def test_routers_that_are_not_ours_get_theirs_printed(dialect: str) -> None:
    text = in_dialect(racks(**WHOLE), dialect)
    assert "hush" not in text
    assert text == golden(f"foreign-{dialect}.txt", text)


def test_a_plugin_that_speaks_bgp_itself_may_announce_blocks_of_its_own() -> None:
    assert "permit 10.244.0.0/16 ge 17 le 24" in configuration(racks(), "tor-1")
    assert "permit 10.244.0.0/16 ge 17 le 32" in configuration(cluster(bgp=with_bgp()), "tor-1")
