"""What only calico-ipip does: its link, its routes whoever wrote them, its mesh."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.clusters import cluster, dual_stack, network, node, one_rack
from underlay.model.prerequisites import Port

from .samples import TUNL0, VXLAN, bird, check, links, plain, routes, through

MODE = "calico-ipip"
MESH = (("192.0.2.2", 64512, "Established", ""), ("192.0.2.3", 64512, "Established", ""))


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ((TUNL0,), None),
        ((), "tunl0 is missing"),
        ((TUNL0 | {"addr_info": []},), "tunl0 has no address"),
        ((TUNL0, VXLAN), "vxlan.calico of another mode is there"),
    ],
)
def test_the_link_is_judged(found: tuple[dict[str, Any], ...], told: str | None) -> None:
    assert links(MODE, *found) == told


@pytest.mark.parametrize("protocol", ["bird", "80"])
def test_the_gateways_are_the_nodes_whoever_wrote_the_routes(protocol: str) -> None:
    ways = [through("tunl0", n, f"192.0.2.{n}") | {"protocol": protocol} for n in (2, 3)]
    assert routes(MODE, *ways) is None
    assert routes(MODE, ways[0]) == "pod routes through tunl0 lead to ['192.0.2.2'], not ['192.0.2.2', '192.0.2.3']"


def test_cross_subnet_leaves_the_tunnel_out_inside_a_rack() -> None:
    ways = [plain(2, "192.0.2.2"), through("tunl0", 3, "192.0.2.3")]
    assert routes(MODE, *ways, on=cluster(), cross_subnet=True) is None


def test_every_node_has_a_session_with_every_other() -> None:
    judge = check("BGP sessions", MODE).judge
    assert judge(bird(*MESH)) is None
    assert judge(bird(MESH[0])) == "no session with 192.0.2.3"
    assert judge(bird(MESH[0], ("192.0.2.3", 64512, "Connect", "Socket: No route to host"))) == (
        "192.0.2.3 is Connect (Socket: No route to host)"
    )


def test_a_packet_grows_by_twenty_bytes_and_needs_protocol_4() -> None:
    made = network(MODE)
    assert made.pod_mtu(one_rack()) == 1480
    assert Port("ipip", 0, "Calico IPIP") in made.prerequisites(one_rack()).ports


def test_ipv6_is_refused() -> None:
    assert network(MODE).problems(dual_stack()) == [
        "network.mode: calico-ipip carries IPv4 alone (the operator refuses IPIP for IPv6 pools), and pods have IPv6 "
        "addresses; use calico-vxlan, or leave the IPv6 subnets out"
    ]


def test_a_mesh_of_too_many_is_refused() -> None:
    nodes = (*one_rack().nodes, *(node(f"m-{n}", n, prefix="198.51.100.") for n in range(1, 100)))
    assert network(MODE).problems(one_rack(nodes=nodes)) == [
        "network.mode: calico-ipip has every node speak BGP with every other, and 102 nodes are more than the 100 "
        "that serves; use calico-bgp with bgp.reflectors, or calico-vxlan"
    ]
