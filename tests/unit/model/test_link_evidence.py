"""Whose a link is follows from what it is, not from its name."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.linked import linked
from underlay.model.link_evidence import is_made
from underlay.networks.registry import modes

PODS = [ip_network("10.244.0.0/16"), ip_network("fd00:244::/56")]
TRACES = {name: mode(**mode.example()).traces() for name, mode in modes().items()}


def creators(link: dict[str, object], *routed: str) -> list[str]:
    return [name for name, traces in TRACES.items() if is_made(link, traces, pods=PODS, routed=routed)]


@pytest.mark.parametrize(
    "link",
    [
        linked("lxcbr0", "bridge", "10.0.3.1/24"),
        linked("lxc-web", "veth", master="lxcbr0"),
        linked("lxcweb", "veth"),
        linked("lxc0123456789ab", "bridge"),
        linked("lxc0123456789abc", "veth"),
        linked("lxc0", "dummy"),
        linked("cilium_lab", ""),
        linked("calico0", "bridge", "192.168.3.1/24"),
        linked("cali", "veth"),
        linked("california", "vlan"),
        linked("cni0", "bridge", "10.85.0.1/16"),
        linked("cni0", ""),
        linked("flannel.1", "vlan"),
        linked("weave", "bridge", "10.32.0.1/12"),
        linked("weave", "wireguard"),
        linked("datapath", ""),
        linked("flannel0", "bridge"),
        linked("tunl0", "ipip", "192.0.2.9/32"),
        linked("tunl0", "ipip", flags=["NOARP"]),
        linked("wireguard.cali", "dummy"),
        linked("eth0", "", "10.244.0.9/16"),
    ],
    ids=lambda link: f"{link['ifname']} {link.get('linkinfo', '')}",
)
def test_a_link_that_only_has_the_name_is_nobodys(link: dict[str, object]) -> None:
    assert creators(link) == []


@pytest.mark.parametrize(
    ("link", "plugin"),
    [
        (linked("lxc0123456789ab", "veth"), "cilium"),
        (linked("lxc_health", "netkit"), "cilium"),
        (linked("cilium_host", "veth", "10.99.0.7/32"), "cilium"),
        (linked("cilium_wg0", "wireguard"), "cilium"),
        (linked("cali0123456789a", "veth"), "calico"),
        (linked("vxlan.calico", "vxlan", "10.99.0.0/32"), "calico"),
        (linked("tunl0", "ipip", "10.244.3.64/32"), "calico"),
        (linked("cni0", "bridge", "10.244.1.1/24"), "flannel"),
        (linked("cni0", "bridge", "fd00:244:0:1::1/64"), "flannel"),
        (linked("cni0", "bridge"), "flannel"),
        (linked("flannel.1", "vxlan", "10.99.1.0/32"), "flannel"),
        (linked("flannel-wg", "wireguard"), "flannel"),
        (linked("flannel0", "tun"), "flannel"),
        (linked("weave", "bridge"), "weave"),
        (linked("vethwe-bridge", "veth", master="weave"), "weave"),
        # What pods' packets pass is in the way, whatever it is.
        (linked("flannel.1", "dummy", "10.244.1.0/32"), "flannel"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value['ifname']} {value['linkinfo']}",
)
def test_a_link_that_a_plugin_made_is_its_own(link: dict[str, object], plugin: str) -> None:
    assert {name.partition("-")[0] for name in creators(link)} - {"routed"} == {plugin}


def test_a_route_to_pods_is_evidence() -> None:
    assert creators(linked("lxcbr0", "bridge"), "lxcbr0")


def test_without_details_the_name_has_to_do() -> None:
    assert creators({"ifname": "cilium_host", "mtu": 1500})


@given(
    st.sampled_from(["lxc", "cali", "cilium_", "flannel", "weave", "vethwe-"]),
    st.text("abr0.-", max_size=9),
    st.sampled_from(["bridge", "vlan", "bond", "macvlan", ""]),
)
def test_no_bridge_vlan_or_port_of_a_site_is_ever_a_pods(name: str, rest: str, kind: str) -> None:
    assert creators(linked(f"{name}{rest}", kind, "10.0.3.1/24")) == []
