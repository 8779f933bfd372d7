"""What flannel-vxlan does for IPv6 pods: a separate link and routes, and 20 bytes more overhead."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.clusters import dual_stack, one_rack
from underlay.networks.flannel.vxlan import FlannelVxlan

from .samples import HOST_V6, judged, net_conf
from .test_vxlan import LINK


def v6_tunnel(number: int) -> dict[str, Any]:
    subnet = f"fd00:10:244:{number}::"
    return {"dst": f"{subnet}/64", "gateway": subnet, "dev": "flannel-v6.1", "metric": 1024, "flags": ["onlink"]}


def test_ipv6_pods_have_a_link_and_routes_of_their_own() -> None:
    both, made = dual_stack(), FlannelVxlan()
    assert made.links(both.families) == ("flannel.1", "flannel-v6.1")
    shown = [LINK | {"ifname": "flannel-v6.1", "mtu": 1430}]
    assert judged(made, "the IPv6 VXLAN link", shown, of=both) is None
    assert judged(made, "the VXLAN link", [LINK], of=both) == "flannel.1: mtu 1450, expected 1430"
    name = "IPv6 routes to the pods of other nodes"
    assert judged(made, name, json.dumps([*HOST_V6, v6_tunnel(1), v6_tunnel(2)]), of=both) is None
    assert (
        judged(made, name, json.dumps([*HOST_V6, v6_tunnel(1)]), of=both) == "1 routes through the overlay, expected 2"
    )


def test_direct_routing_uses_the_ipv6_addresses_of_nodes_of_the_rack() -> None:
    made, name = FlannelVxlan(direct_routing=True), "IPv6 routes to the pods of other nodes"
    found = [{"dst": f"fd00:10:244:{n}::/64", "gateway": f"2001:db8::{n + 1}", "dev": "eth0"} for n in (1, 2)]
    assert judged(made, name, json.dumps([*HOST_V6, *found]), of=dual_stack()) is None
    assert judged(made, name, json.dumps([*HOST_V6, v6_tunnel(1), v6_tunnel(2)]), of=dual_stack()) == (
        "gateways of routes outside the overlay: missing 2001:db8::2, 2001:db8::3"
    )


def test_a_packet_grows_by_twenty_bytes_more_over_ipv6_and_flannels_mtu_allows_for_it() -> None:
    # Flannel subtracts 50 in any case: its link would be 20 too large.
    both = dual_stack()
    assert FlannelVxlan().overhead(both) == 70
    assert net_conf(FlannelVxlan(), both)["Backend"]["MTU"] == 1480
    assert FlannelVxlan().pod_mtu(both) == 1430


def test_a_name_too_long_for_a_link_is_refused() -> None:
    assert FlannelVxlan(vni=9999).problems(dual_stack()) == []
    assert FlannelVxlan(vni=9_999_999).problems(one_rack()) == []
    assert FlannelVxlan(vni=10_000).problems(dual_stack()) == [
        "network.vni: too long for the name of the IPv6 link (it is 10000); use one below 10000"
    ]
