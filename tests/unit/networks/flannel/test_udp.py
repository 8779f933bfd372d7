"""What is specific to flannel-udp: a TUN link and a process behind it, as a host of the lab showed them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.clusters import cluster
from underlay.model.prerequisites import Port
from underlay.model.traits import Status
from underlay.networks.flannel.udp import FlannelUdp
from underlay.resources.architecture import Architecture
from underlay.resources.kernel_module import KernelModule

from .samples import HOST, check, judged, link, net_conf

LINK = link("flannel0", "tun", 1472, type="tun", pi=False, vnet_hdr=False, multi_queue=False, persist=False)
ALL_PODS = {"dst": "10.244.0.0/16", "dev": "flannel0", "flags": []}
SOCKET = "UNCONN 0      0        192.0.2.1:8285      0.0.0.0:*"


def test_the_link_is_a_tun_with_room_for_what_pods_send() -> None:
    made = FlannelUdp()
    assert check(made, "the TUN link").command == "ip -json -details link show flannel0"
    assert judged(made, "the TUN link", LINK) is None
    # Flannel uses the MTU of the node's link, which may be larger than the path's.
    assert judged(made, "the TUN link", link("flannel0", "tun", 8973)) is None


@pytest.mark.parametrize(
    ("shown", "problem"),
    [
        (link("flannel0", "tun", 1400), "flannel0: mtu 1400, expected 1472"),
        (link("flannel0", "vxlan", 1472), "flannel0: kind vxlan, expected tun"),
        ([LINK[0] | {"flags": ["POINTOPOINT"]}], "flannel0: state down, expected up"),
        (
            [{"ifname": "flannel0", "flags": [], "mtu": 9}],
            "flannel0: kind none, expected tun; state down, expected up; mtu 9, expected 1472",
        ),
    ],
)
def test_another_link_is_reported(shown: list[dict[str, Any]], problem: str) -> None:
    assert judged(FlannelUdp(), "the TUN link", shown) == problem


def test_one_route_leads_to_all_pods() -> None:
    def routes(*found: dict[str, Any]) -> str | None:
        return judged(FlannelUdp(), "the route to all pods", json.dumps([*HOST, *found]))

    assert routes(ALL_PODS) is None
    assert routes() == "route to 10.244.0.0/16: link none, expected flannel0"
    other = {"dst": "10.244.0.0/16", "dev": "flannel-wg", "scope": "link", "flags": []}
    assert routes(other) == "route to 10.244.0.0/16: link flannel-wg, expected flannel0"


def test_flanneld_listens_on_the_nodes_own_address() -> None:
    made = FlannelUdp(port=7890)
    assert check(made, "flanneld listens").command == "ss -Hlun sport = :7890"
    assert judged(made, "flanneld listens", SOCKET.replace("8285", "7890")) is None
    assert judged(made, "flanneld listens", "") == "flanneld does not listen on 192.0.2.1 (UDP sockets: none)"
    elsewhere = SOCKET.replace("192.0.2.1", "192.0.2.11")
    assert judged(made, "flanneld listens", elsewhere) == (
        "flanneld does not listen on 192.0.2.1 (UDP sockets: 192.0.2.11:8285)"
    )


def test_flanneld_gets_the_settings() -> None:
    assert net_conf(FlannelUdp(port=7890))["Backend"] == {"Type": "udp", "Port": 7890}


def test_requires_its_module_its_port_and_its_architecture() -> None:
    needs = FlannelUdp(port=7890).prerequisites(cluster())
    assert KernelModule("tun") in needs.resources
    assert needs.ports == (Port("udp", 7890, "flannel UDP"),)
    architecture = next(r for r in needs.resources if isinstance(r, Architecture))
    assert architecture.impossible("aarch64") == "is aarch64, and flannel-udp runs on x86_64 only"


def test_its_status_is_debugging() -> None:
    traits = FlannelUdp().traits
    assert traits.status is Status.DEBUGGING
    assert traits.warning.startswith("for debugging only")


def test_a_packet_grows_by_twenty_eight_bytes() -> None:
    assert FlannelUdp().overhead(cluster()) == 28
    assert FlannelUdp().pod_mtu(cluster(path_mtu=9001)) == 8973


def test_no_pod_packet_is_in_the_clear() -> None:
    made = cluster()
    wire = FlannelUdp(port=7890).wire(made, made.nodes[0], made.nodes[1])
    assert (wire.shows, wire.never) == ("udp port 7890", "net 10.244.0.0/16")
