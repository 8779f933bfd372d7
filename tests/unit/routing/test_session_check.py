"""The gate, from recorded views: what is right passes, and each thing that is wrong is named by its cause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.clusters import cluster, network, with_bgp
from underlay.model.bgp_view import NeighbourState, View
from underlay.model.routes import Routes
from underlay.plan.host_questions import read_pod_subnets
from underlay.routing.session_check import between_hosts, judge, verdict
from underlay.routing.sessions import of_host, sessions

RACKS = cluster(bgp=with_bgp(), routes=Routes.BGP)
SUBNETS = {name: frozenset({f"10.244.{i}.0/24"}) for i, name in enumerate(("cp-1", "w-1", "w-2"))}
EVERY = frozenset(s for own in SUBNETS.values() for s in own)
Views = dict[str, View]


def well() -> Views:
    """What hosts say while all is well: tor-1 is ours, tor-2 is not."""
    found = {}
    for host in ("cp-1", "w-1", "w-2", "tor-1"):
        neighbours = {}
        for mine, far in of_host(RACKS, host):
            prefixes = SUBNETS[far.host] if far.is_node else EVERY
            neighbours[str(far.address)] = NeighbourState(
                state="Established",
                remote_as=far.as_number,
                local_as=mine.as_number,
                up=600,
                established=1,
                received=prefixes,
                accepted=prefixes,
            )
        found[host] = View(f"router-{host}", neighbours)
    return found


def change(views: Views, host: str, peer: str, **fields: object) -> None:
    """Change what a host says of its session with a peer."""
    address = next(str(far.address) for _, far in of_host(RACKS, host) if far.host == peer)
    view = views[host]
    changed = replace(view.neighbours[address], **fields)  # type: ignore[arg-type]
    views[host] = replace(view, neighbours={**view.neighbours, address: changed})


def down(views: Views, one: str, other: str, **fields: object) -> None:
    for host, peer in ((one, other), (other, one)):
        change(views, host, peer, state="Active", established=0, accepted=frozenset(), received=frozenset(), **fields)


def problems(views: Views) -> list[str]:
    return [problem for row in judge(RACKS, sessions(RACKS), views, SUBNETS) for problem in row.problems]


def test_all_is_well() -> None:
    assert problems(well()) == []
    assert [(s.one.host, s.other.host) for s in sessions(RACKS)] == [
        ("cp-1", "tor-1"),
        ("w-1", "tor-1"),
        ("w-2", "tor-2"),
    ]
    assert between_hosts(well(), SUBNETS) == []


def swapped(views: Views) -> None:
    down(views, "w-1", "tor-1")
    change(views, "tor-1", "w-1", remote_as=64999)


def password(views: Views) -> None:
    down(views, "w-1", "tor-1")
    views["tor-1"] = replace(views["tor-1"], unsigned=7)


def one_sided_ttl(views: Views) -> None:
    down(views, "w-1", "tor-1")
    change(views, "tor-1", "w-1", ttl_security=True)


def limited(views: Views) -> None:
    down(views, "w-1", "tor-1")
    change(views, "tor-1", "w-1", reason="Peer reached Maximum Prefix limit", limit=1, state="Idle", established=2)


def silent(views: Views) -> None:
    del views["w-1"]


def filtered(views: Views) -> None:
    change(views, "tor-1", "w-1", accepted=frozenset())


def unheard(views: Views) -> None:
    change(views, "tor-1", "w-1", accepted=frozenset(), received=frozenset())


def leaked(views: Views) -> None:
    change(views, "tor-1", "w-1", accepted=SUBNETS["w-1"] | {"0.0.0.0/0"})


def anothers(views: Views) -> None:
    change(views, "tor-1", "w-1", accepted=SUBNETS["w-1"] | SUBNETS["w-2"])


def stale(views: Views) -> None:
    change(views, "cp-1", "tor-1", accepted=EVERY | {"10.244.9.0/24"})


def parts(views: Views) -> None:
    change(views, "tor-1", "w-1", accepted=SUBNETS["w-1"] | {"10.244.1.5/32", "10.244.1.6/32"})


def filtered_part(views: Views) -> None:
    change(views, "tor-1", "w-1", received=SUBNETS["w-1"] | {"10.244.2.0/25"})


def flapping(views: Views) -> None:
    change(views, "tor-1", "w-1", recently_established=9, up=3.0, reason="Peer closed the session")


def unconfigured(views: Views) -> None:
    down(views, "w-1", "tor-1")
    view = views["tor-1"]
    views["tor-1"] = replace(view, neighbours={k: v for k, v in view.neighbours.items() if k != "192.0.2.2"})


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (swapped, "tor-1 expects AS 64999 from w-1, which is AS 64513"),
        (password, "the passwords differ: tor-1 dropped TCP segments for their MD5 signature"),
        (one_sided_ttl, "TTL security is on at tor-1 and off at w-1"),
        (limited, "tor-1 closed the session: more prefixes than its limit of 1"),
        (silent, "w-1: the host does not answer"),
        (filtered, "tor-1 filters 10.244.1.0/24 (w-1) from w-1"),
        (unheard, "tor-1 does not receive 10.244.1.0/24 (w-1) from w-1"),
        (leaked, "w-1 announces 0.0.0.0/0, which belongs to no node, and tor-1 accepts it"),
        (anothers, "w-1 announces 10.244.2.0/24, which belongs to w-2, and tor-1 accepts it"),
        (stale, "tor-1 announces 10.244.9.0/24, which belongs to no node, and cp-1 accepts it"),
        (
            parts,
            "w-1 announces 3 prefixes to tor-1, 1 expected: 10.244.1.5/32, 10.244.1.6/32 are inside 10.244.1.0/24 "
            "(w-1)",
        ),
        (filtered_part, "w-1 announces 2 prefixes to tor-1, 1 expected: 10.244.2.0/25 is inside 10.244.2.0/24 (w-2)"),
        (flapping, "the session flaps: established 9 times in 120 s, last 3 s ago (Peer closed the session)"),
        (unconfigured, "tor-1 has no neighbour 192.0.2.2 (w-1) configured"),
    ],
)
def test_each_is_named(spoil: Callable[[Views], None], problem: str) -> None:
    views = well()
    spoil(views)
    assert problems(views) == [problem]


def test_a_router_that_is_not_ours_is_judged_by_our_side_alone() -> None:
    views = well()
    change(views, "w-2", "tor-2", state="Connect", reason="Waiting for peer OPEN", accepted=frozenset())
    assert problems(views) == ["w-2 is in state Connect; last error: Waiting for peer OPEN"]


def test_what_two_hosts_must_not_share() -> None:
    views = well()
    views["w-1"] = replace(views["w-1"], router_id="router-cp-1")
    assert between_hosts(views, SUBNETS | {"w-2": SUBNETS["w-1"]}) == [
        "cp-1 and w-1 both have the router id router-cp-1; give each its own",
        "w-1 and w-2 both have the pod subnet 10.244.1.0/24; give each its own",
    ]


def test_a_cluster_that_does_not_report_its_subnets_is_never_well() -> None:
    _, others = verdict(RACKS, network("routed"), well(), {})
    assert others == ["cp-1 does not report the nodes' pod subnets; is the API server running?"]


# The blocks of a cluster of three nodes with Calico 3.32.1, as its API has them; w-1's speaker is BIRD.
BLOCKS = "cp-1 10.244.36.192/26\nw-1 10.244.18.0/26\nw-2 10.244.171.64/26\nw-1 10.244.18.64/26\n"
OF_NODES = read_pod_subnets(BLOCKS)
CALICO = cluster(bgp=with_bgp())


def calico() -> Views:
    """What a healthy calico-bgp cluster's hosts say: nodes take from routers what other racks announce."""
    found = {}
    for host in ("cp-1", "w-1", "w-2", "tor-1"):
        neighbours = {}
        for mine, far in of_host(CALICO, host):
            everything = frozenset(s for own in OF_NODES.values() for s in own)
            prefixes = OF_NODES[far.host] if far.is_node else everything
            if mine.is_node:
                prefixes -= frozenset(s for n in CALICO.nodes if n.rack == mine.rack for s in OF_NODES[n.name])
            neighbours[str(far.address)] = NeighbourState(
                state="Established",
                remote_as=far.as_number,
                local_as=mine.as_number,
                ttl_security=None if mine.is_node else False,
                received=prefixes,
                accepted=prefixes,
            )
        found[host] = View(f"router-{host}", neighbours, refuses_own_as=not host.startswith("tor"))
    return found


def lines(views: Views, **settings: Any) -> list[str]:
    rows, others = verdict(CALICO, network("calico-bgp", **settings), views, OF_NODES)
    return [*others, *(problem for row in rows for problem in row.problems)]


def test_blocks_are_what_nodes_of_calico_announce() -> None:
    assert OF_NODES["w-1"] == {"10.244.18.0/26", "10.244.18.64/26"}
    assert lines(calico()) == []
    without = calico()
    change(without, "tor-1", "w-1", accepted=frozenset({"10.244.18.0/26"}))
    services = calico()
    change(services, "tor-1", "w-1", accepted=OF_NODES["w-1"] | {"10.96.0.0/16"})
    assert lines(services) == ["w-1 announces 10.96.0.0/16, which belongs to no node, and tor-1 accepts it"]
    assert lines(services, advertise_services=True) == []
    assert lines(without) == ["tor-1 filters 10.244.18.64/26 (w-1) from w-1"]


def test_a_nodes_own_addresses_beside_its_blocks_are_reported_and_borrowed_ones_are_not() -> None:
    """As 3.32.1 announced them with a rule that accepted the whole pod subnet."""
    views = calico()
    change(views, "tor-1", "w-1", accepted=OF_NODES["w-1"] | {"10.244.18.3/32", "10.244.18.70/32", "10.244.171.99/32"})
    assert lines(views) == [
        "w-1 announces 4 prefixes to tor-1, 2 expected: 10.244.18.3/32, 10.244.18.70/32 are inside 10.244.18.0/26 (w-1), "
        "10.244.18.64/26 (w-1)"
    ]


def test_what_a_speaker_does_not_say_is_judged_by_the_other_side() -> None:
    views = calico()
    down(views, "w-1", "tor-1")
    change(views, "w-1", "tor-1", ttl_security=None, reason="Received: Bad peer AS")
    change(views, "tor-1", "w-1", ttl_security=True, remote_as=64999)
    assert lines(views) == ["tor-1 expects AS 64999 from w-1, which is AS 64513"]
    change(views, "tor-1", "w-1", remote_as=64513)
    views["tor-1"] = replace(views["tor-1"], unsigned=3)
    assert lines(views) == ["the passwords differ: tor-1 dropped TCP segments for their MD5 signature"]


def test_prefixes_that_a_speaker_does_not_show_are_not_missed() -> None:
    views = calico()
    change(views, "w-1", "tor-1", received=None, accepted=None)
    assert lines(views) == []
