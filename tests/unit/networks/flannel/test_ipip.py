"""What is specific to flannel-ipip: its link and its routes, as `ip -json` prints them on a host with the module."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.clusters import cluster
from underlay.model.prerequisites import Port
from underlay.model.traits import Status
from underlay.networks.flannel.ipip import FlannelIpip
from underlay.resources.kernel_module import KernelModule

from .samples import HOST, judged, link, net_conf

LINK = link("flannel.ipip", "ipip", 1480, proto="ipip", remote="any", local="192.0.2.1", ttl=0, pmtudisc=True)
CROSS_RACKS = "192.0.2.3"
SAME_RACK = "192.0.2.2"


def tunnel(number: int, gateway: str) -> dict[str, Any]:
    return {"dst": f"10.244.{number}.0/24", "gateway": gateway, "dev": "flannel.ipip", "flags": ["onlink"]}


def direct(number: int, gateway: str) -> dict[str, Any]:
    return {"dst": f"10.244.{number}.0/24", "gateway": gateway, "dev": "eth0", "flags": ["onlink"]}


def test_the_link_goes_out_from_the_nodes_own_address() -> None:
    assert judged(FlannelIpip(), "the IPIP link", LINK) is None
    elsewhere = link("flannel.ipip", "ipip", 1480, local="198.51.100.1")
    assert judged(FlannelIpip(), "the IPIP link", elsewhere) == "flannel.ipip: local 198.51.100.1, expected 192.0.2.1"
    small = link("flannel.ipip", "ipip", 1400, local="192.0.2.1")
    assert judged(FlannelIpip(), "the IPIP link", small) == "flannel.ipip: mtu 1400, expected 1480"


@pytest.mark.parametrize(
    ("direct_routing", "found", "problem"),
    [
        (False, (tunnel(1, SAME_RACK), tunnel(2, CROSS_RACKS)), None),
        (False, (tunnel(1, SAME_RACK),), "gateways of routes through the tunnel: missing 192.0.2.3"),
        (
            False,
            (direct(1, SAME_RACK), tunnel(2, CROSS_RACKS)),
            "gateways of routes outside the tunnel: unexpected 192.0.2.2",
        ),
        (True, (direct(1, SAME_RACK), tunnel(2, CROSS_RACKS)), None),
        (
            True,
            (tunnel(1, SAME_RACK), tunnel(2, CROSS_RACKS)),
            "gateways of routes outside the tunnel: missing 192.0.2.2",
        ),
        (
            True,
            (direct(1, SAME_RACK), tunnel(2, "192.0.2.9")),
            "gateways of routes through the tunnel: missing 192.0.2.3; unexpected 192.0.2.9",
        ),
    ],
)
def test_every_node_is_reached_by_its_own_address(
    direct_routing: bool, found: tuple[dict[str, Any], ...], problem: str | None
) -> None:
    made = FlannelIpip(direct_routing=direct_routing)
    assert judged(made, "routes to the pods of other nodes", json.dumps([*HOST, *found])) == problem


def test_flanneld_gets_the_settings() -> None:
    assert net_conf(FlannelIpip())["Backend"] == {"Type": "ipip", "DirectRouting": False}
    assert net_conf(FlannelIpip(direct_routing=True))["Backend"] == {"Type": "ipip", "DirectRouting": True}


def test_requires_its_module_and_its_protocol() -> None:
    needs = FlannelIpip().prerequisites(cluster())
    assert KernelModule("ipip") in needs.resources
    assert needs.ports == (Port("ipip", 0, "flannel IPIP"),)


def test_says_that_it_is_experimental() -> None:
    assert FlannelIpip().traits.status is Status.EXPERIMENTAL
    assert FlannelIpip().traits.warning == "Flannel calls this backend experimental and unsupported"


def test_a_packet_grows_by_twenty_bytes() -> None:
    assert FlannelIpip().overhead(cluster()) == 20
    assert FlannelIpip().pod_mtu(cluster(path_mtu=9001)) == 8981


def test_a_capture_shows_the_tunnel_except_within_a_rack_with_direct_routing() -> None:
    made = cluster()
    cp, same_rack, across = made.nodes
    tunnelled, bare = ("ip proto 4", "net 10.244.0.0/16"), ("net 10.244.0.0/16", "ip proto 4")
    for network, other, shown in (
        (FlannelIpip(), same_rack, tunnelled),
        (FlannelIpip(), across, tunnelled),
        (FlannelIpip(direct_routing=True), same_rack, bare),
        (FlannelIpip(direct_routing=True), across, tunnelled),
    ):
        wire = network.wire(made, cp, other)
        assert (wire.shows, wire.never) == shown
