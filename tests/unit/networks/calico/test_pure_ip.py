"""What is specific to calico-pure-ip: no tunnel, routes to neighbors only, unless others provide them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.clusters import cluster, network, one_rack, with_bgp
from underlay.model.routes import Routes

from .samples import IDLE_TUNL0, VXLAN, links, plain, routes

MODE = "calico-pure-ip"


def test_there_is_no_tunnel() -> None:
    assert links(MODE, IDLE_TUNL0) is None
    assert links(MODE, VXLAN) == "unexpected vxlan.calico"


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ((plain(2, "192.0.2.2"), plain(3, "192.0.2.3", protocol="80")), None),
        # A node without pods has no block yet.
        ((plain(2, "192.0.2.2"),), None),
        ((plain(2, "192.0.2.254"),), "unexpected pod routes: 10.244.2.0/26 via 192.0.2.254"),
        (({"dst": "10.244.2.0/26", "nexthops": [{"gateway": "192.0.2.2", "dev": "eth0"},
                                               {"gateway": "192.0.2.9", "dev": "eth0"}]},),
         "unexpected pod routes: 10.244.2.0/26 via 192.0.2.9"),
        ((plain(2, "192.0.2.2"), plain(2, "192.0.2.2") | {"dst": "10.244.2.7"}, plain(3, "192.0.2.3"),
          plain(2, "192.0.2.2") | {"dst": "10.244.2.9"}),
         "4 pod routes, 2 expected: 10.244.2.7/32, 10.244.2.9/32 are inside 10.244.2.0/26"),
        # An address that w-1's block has lent to w-2.
        ((plain(2, "192.0.2.2"), plain(3, "192.0.2.3"), plain(2, "192.0.2.3") | {"dst": "10.244.2.7"}), None),
    ],
)  # fmt: skip
def test_routes_lead_through_the_nodes_themselves(found: tuple[dict[str, Any], ...], expected: str | None) -> None:
    assert routes(MODE, *found) == expected


def test_racks_are_refused_unless_their_routers_get_the_routes() -> None:
    assert network(MODE).problems(cluster()) == [
        "network.mode: calico-pure-ip does not cross racks, whose routers have no pod routes (the nodes are in "
        'rack-1, rack-2); use calico-bgp, calico-vxlan with cross_subnet, one rack, or routes = "bgp"'
    ]
    assert network(MODE).problems(cluster(routes=Routes.BGP, bgp=with_bgp())) == []
    assert network(MODE).problems(cluster(routes=Routes.CLOUD)) == []
    assert network(MODE).problems(cluster(routes=Routes.BGP, bgp=with_bgp(routers=with_bgp().routers[:1]))) == [
        'routes: "bgp" needs a router in every rack, and rack-2 has none (the nodes are in rack-1, rack-2); put '
        "one in the group routers, or in bgp.peers"
    ]
    assert network(MODE).problems(cluster(routes=Routes.STATIC)) == [
        "routes: static routes of calico-pure-ip end at the routers of racks, which have no pod routes (the nodes are in "
        'rack-1, rack-2); use routes = "bgp", or calico-ipip'
    ]


def test_with_routes_of_others_pods_have_their_nodes_subnet_and_no_bird_runs() -> None:
    made, on = network(MODE), one_rack(routes=Routes.STATIC)
    spec = next(o for o in made.addon(on).after if o["kind"] == "Installation")["spec"]
    assert spec["cni"] == {"type": "Calico", "ipam": {"type": "HostLocal"}}
    assert spec["calicoNetwork"]["bgp"] == "Disabled"
    assert spec["calicoNetwork"]["ipPools"][0]["encapsulation"] == "None"
    names = {c.name for c in made.checks(on)}
    assert "no BGP" in names
    assert "BGP sessions" not in names
    assert not any(p.number == 179 for p in made.prerequisites(on).ports)


def test_every_node_needs_a_block() -> None:
    assert network(MODE, block_size=20).problems(one_rack()) == []
    from ipaddress import ip_network  # noqa: PLC0415

    small = one_rack(pod_subnet=ip_network("10.244.0.0/25"))
    assert network(MODE).problems(small) == [
        "pod_subnet: 10.244.0.0/25 has 2 blocks of /26, and every node needs at least one (3 nodes); use a larger subnet"
    ]
    assert network(MODE, block_size=28).problems(small) == []
