"""What is specific to calico-ipip: its link, its routes from BIRD or Felix, its mesh."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.clusters import cluster, dual_stack, network, node, one_rack
from underlay.model.prerequisites import Port

from .samples import TUNL0, VXLAN, bird, check, links, plain, routes, through

MODE = "calico-ipip"
MESH = (("192.0.2.2", 64512, "Established", ""), ("192.0.2.3", 64512, "Established", ""))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ((TUNL0,), None),
        ((), "missing tunl0"),
        ((TUNL0 | {"addr_info": []},), "tunl0: no address"),
        ((TUNL0, VXLAN), "unexpected vxlan.calico"),
    ],
)
def test_the_link_is_checked(found: tuple[dict[str, Any], ...], expected: str | None) -> None:
    assert links(MODE, *found) == expected


@pytest.mark.parametrize("protocol", ["bird", "80"])
def test_the_gateways_are_the_nodes_with_routes_of_bird_or_felix(protocol: str) -> None:
    found = [through("tunl0", n, f"192.0.2.{n}") | {"protocol": protocol} for n in (2, 3)]
    assert routes(MODE, *found) is None
    assert routes(MODE, found[0]) == "gateways of pod routes through tunl0: missing 192.0.2.3"


def test_cross_subnet_bypasses_the_tunnel_inside_a_rack() -> None:
    found = [plain(2, "192.0.2.2"), through("tunl0", 3, "192.0.2.3")]
    assert routes(MODE, *found, on=cluster(), cross_subnet=True) is None


def test_every_node_has_a_session_with_every_other() -> None:
    judge = check("BGP sessions", MODE).judge
    assert judge(bird(*MESH)) is None
    assert judge(bird(MESH[0])) == "sessions: missing 192.0.2.3"
    assert judge(bird(MESH[0], ("192.0.2.3", 64512, "Connect", "Socket: No route to host"))) == (
        "192.0.2.3: Connect (Socket: No route to host), expected Established"
    )


def test_a_packet_grows_by_twenty_bytes_and_needs_protocol_4() -> None:
    made = network(MODE)
    assert made.pod_mtu(one_rack()) == 1480
    assert Port("ipip", 0, "Calico IPIP") in made.prerequisites(one_rack()).ports


def test_ipv6_is_refused() -> None:
    assert network(MODE).problems(dual_stack()) == [
        "network.mode: calico-ipip carries IPv4 only, since the operator rejects IPIP for IPv6 pools; use "
        "calico-vxlan, or remove the IPv6 subnets"
    ]


def test_a_mesh_of_too_many_nodes_is_refused() -> None:
    nodes = (*one_rack().nodes, *(node(f"m-{n}", n, prefix="198.51.100.") for n in range(1, 100)))
    assert network(MODE).problems(one_rack(nodes=nodes)) == [
        "network.mode: calico-ipip has a full mesh of BGP sessions, for at most 100 nodes (it is 102); "
        "use calico-bgp with bgp.reflectors, or calico-vxlan"
    ]
