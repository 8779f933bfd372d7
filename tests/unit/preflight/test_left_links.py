"""What a plugin left on a host is told once, with what takes it away; what a site has is left alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.clusters import cluster, network
from tests.unit.linked import linked
from underlay.preflight.host_findings import judge

from .test_host_findings import QUERIED, answers

ETH0 = linked("eth0", "", "192.0.2.2/24")


def lines(
    *links: dict[str, Any], routes: tuple[dict[str, Any], ...] = (), mode: str = "flannel-vxlan", **more: str
) -> list[str]:
    found = answers(addresses=json.dumps([ETH0, *links]), routes=json.dumps(routes), **more)
    return [f"{f.code}: {f.line}" for f in judge(cluster(), network(mode), found, queried=QUERIED)]


@pytest.mark.parametrize("mode", ["flannel-vxlan", "cilium-vxlan", "calico-bgp", "calico-ipip", "routed"])
@pytest.mark.parametrize(
    "link",
    [
        linked("lxcbr0", "bridge", "10.0.3.1/24"),
        linked("calibr0", "bridge", "10.0.4.1/24"),
        linked("docker0", "bridge", "172.17.0.1/16"),
        linked("tunl0", "ipip", flags=["NOARP"]),
        linked("sit0", "sit"),
    ],
    ids=lambda link: str(link["ifname"]),
)
def test_a_sites_own_link_is_no_finding(link: dict[str, Any], mode: str) -> None:
    assert lines(link, mode=mode) == []


def test_what_kubeadm_reset_leaves_is_told_once_with_what_removes_it() -> None:
    cni0 = linked("cni0", "bridge", "10.244.1.1/24")
    by_tunnel = {"dst": "10.244.2.0/24", "gateway": "10.244.2.0", "dev": "flannel.1", "flags": ["onlink"]}
    own = {"dst": "10.244.1.0/24", "dev": "cni0", "protocol": "kernel", "scope": "link", "prefsrc": "10.244.1.1"}
    left = lines(cni0, linked("flannel.1", "vxlan", "10.244.1.0/32"), routes=(own, by_tunnel))
    assert left == [
        "subnet-overlaps-address: w-1: pod_subnet 10.244.0.0/16 overlaps 10.244.1.1/24 on link cni0, which flannel-vxlan "
        "left; `ip link delete cni0`",
        "subnet-overlaps-address: w-1: pod_subnet 10.244.0.0/16 overlaps 10.244.1.0/32 on link flannel.1, which "
        "flannel-vxlan left; `ip link delete flannel.1`",
    ]


def test_a_bridge_where_the_network_makes_its_own_is_told_whosever_it_is() -> None:
    other = linked("cni0", "bridge", "10.85.0.1/16")
    assert lines(other) == [
        "link-present: w-1: has link cni0, as flannel-vxlan creates it; remove the plugin that created it, then `ip link delete cni0`"
    ]
    assert lines(other, mode="calico-bgp") == []


def test_what_a_kernel_module_made_is_emptied_not_deleted() -> None:
    assert lines(linked("tunl0", "ipip", "10.244.3.64/32")) == [
        "subnet-overlaps-address: w-1: pod_subnet 10.244.0.0/16 overlaps 10.244.3.64/32 on link tunl0, which calico-ipip "
        "left; `ip address flush dev tunl0`"
    ]


def test_a_port_of_a_links_own_goes_with_the_link() -> None:
    vxlan = {"info_kind": "vxlan", "info_data": {"id": 1, "port": 8472}}
    held = "udp8472 ;tcp22 ;"
    (link,) = lines(linked("flannel.1", linkinfo=vxlan), ports=held)
    assert link.startswith("link-present: w-1: has link flannel.1")
    (port,) = lines(linked("vx0", linkinfo=vxlan), ports=held)
    assert port.startswith("port-taken: w-1: udp 8472 is taken by the kernel, for a tunnel's link")
    programs = 'udp8472 users:(("flanneld",pid=9,fd=3));'
    assert lines(linked("flannel.1", linkinfo=vxlan), ports=programs)[1:] == [
        "port-taken: w-1: udp 8472 is taken by flanneld (pid 9); stop it"
    ]


HALVES = (
    {"dst": "0.0.0.0/1", "gateway": "10.8.0.1", "dev": "tun0"},
    {"dst": "128.0.0.0/1", "gateway": "10.8.0.1", "dev": "tun0"},
)


def test_a_vpn_that_takes_everything_is_no_reason_to_choose_another_subnet() -> None:
    assert lines(linked("tun0", "tun", "10.8.0.6/24"), routes=HALVES) == [
        f"subnet-inside-route: w-1: {name} is inside the route 0.0.0.0/1 dev tun0, as any other would be; nothing to do: "
        "narrower routes win"
        for name in ("pod_subnet 10.244.0.0/16", "service_subnet 10.96.0.0/16")
    ]


def test_a_route_in_a_table_of_its_own_is_refused_with_what_can_be_done() -> None:
    pods, _ = lines(linked("tun0", "tun", "10.8.0.6/24"), routes=tuple(r | {"table": "51820"} for r in HALVES))
    assert pods == (
        "subnet-overlaps-route: w-1: pod_subnet 10.244.0.0/16 overlaps the route 0.0.0.0/1 dev tun0 in table 51820, "
        "which its rules may look up before the pods' own routes; `ip rule add to 10.244.0.0/16 lookup main priority 10` "
        'at every boot, take the subnet out of what fills that table, or accept it: accepted = {"subnet-overlaps-route": REASON}'
    )


# `ip -json rule show` on a host, each rule of its own.
LOCAL, MAIN = '{"priority":0,"src":"all","table":"local"}', '{"priority":32766,"src":"all","table":"main"}'
TO_PODS = '{"priority":10,"src":"all","dst":"10.244.0.0","dstlen":16,"table":"main"}'
OF_VPN = '{"priority":900,"not":null,"src":"all","fwmark":"0xca6c","table":"51820"}'
OF_VRF = '{"priority":9,"src":"all","l3mdev":null}'


@pytest.mark.parametrize(
    ("rules", "are_hidden"),
    [
        ((LOCAL, TO_PODS, OF_VPN, MAIN), False),
        ((LOCAL, TO_PODS, MAIN), False),
        ((LOCAL, OF_VPN, MAIN), True),
        ((LOCAL, OF_VPN, TO_PODS.replace(":10,", ":901,"), MAIN), True),
        ((LOCAL, TO_PODS.replace(":16,", ":24,"), OF_VPN, MAIN), True),
        ((LOCAL, TO_PODS.replace('"all"', '"192.0.2.2"'), OF_VPN, MAIN), True),
        ((LOCAL, TO_PODS.replace('"table"', '"iif":"eth0","table"'), OF_VPN, MAIN), True),
        ((LOCAL, OF_VRF, TO_PODS, OF_VPN, MAIN), True),
    ],
)
def test_a_table_that_no_packet_to_the_subnet_is_looked_up_in_is_no_obstacle(
    rules: tuple[str, ...], are_hidden: bool
) -> None:
    own_table = ({"dst": "0.0.0.0/1", "gateway": "10.8.0.1", "dev": "tun0", "table": "51820"},)
    found = lines(linked("tun0", "tun", "10.8.0.6/24"), routes=own_table, rules=f"[{','.join(rules)}] [{LOCAL}]")
    # The Services' subnet has no rule.
    assert ["pod_subnet" in line for line in found] == ([True, False] if are_hidden else [False])


def test_a_sites_network_in_the_pods_subnet_is_still_a_reason_to_choose_another() -> None:
    assert lines(routes=({"dst": "10.0.0.0/8", "gateway": "192.0.2.254", "dev": "eth0"},)) == [
        f"subnet-overlaps-route: w-1: {name} overlaps the route 10.0.0.0/8 dev eth0; choose another"
        for name in ("pod_subnet 10.244.0.0/16", "service_subnet 10.96.0.0/16")
    ]
