"""Data planes: conflicts with other settings, and what eBPF changes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.clusters import dual_stack, groups, hosts, network, one_rack
from tests.unit.inventory.spec_problems import problems_of
from underlay.model.prerequisites import Port
from underlay.networks.registry import retired


@pytest.mark.parametrize(
    ("plane", "proxy", "installed"),
    [
        ("auto", "nftables", "Nftables"),
        ("auto", "iptables", "Iptables"),
        ("auto", "ipvs", "Iptables"),
        ("iptables", "nftables", "Iptables"),
        ("nftables", "nftables", "Nftables"),
        ("ebpf", "nftables", "BPF"),
    ],
)
def test_the_plane_follows_kube_proxy_unless_it_is_set(plane: str, proxy: str, installed: str) -> None:
    made, on = network("calico-vxlan", data_plane=plane), one_rack(kube_proxy={"mode": proxy})
    assert made.problems(on) == []
    spec = next(o for o in made.addon(on).after if o["kind"] == "Installation")["spec"]
    assert spec["calicoNetwork"]["linuxDataplane"] == installed


@pytest.mark.parametrize(
    ("mode", "settings", "proxy", "expected"),
    [
        ("calico-vxlan", {"data_plane": "nftables"}, "iptables",
         "network.data_plane: nftables requires kube-proxy in mode nftables, or Felix falls back to iptables (it is "
         'iptables); set kube_proxy = {"mode": "nftables"}'),
        ("calico-vxlan", {"data_plane": "ebpf"}, "ipvs",
         "network.data_plane: ebpf replaces kube-proxy, and kube_proxy sets its mode (it is ipvs); remove the mode of "
         "kube_proxy, or use data_plane iptables"),
        ("calico-ipip", {"data_plane": "ebpf"}, "nftables",
         "network.data_plane: ebpf does not support IPIP, which calico-ipip uses; use calico-vxlan, or data_plane "
         "auto"),
        ("calico-vxlan", {"port": 31000}, "nftables",
         "network.port: in the range of NodePorts, 30000-32767 (it is 31000); use another, e.g. 4789"),
        ("calico-wireguard", {"port": 51820}, "nftables",
         "network.port: Calico VXLAN has the same port (it is 51820/udp); use another"),
    ],
)  # fmt: skip
def test_conflicting_settings_are_refused(mode: str, settings: dict[str, Any], proxy: str, expected: str) -> None:
    assert network(mode, **settings).problems(one_rack(kube_proxy={"mode": proxy})) == [expected]


def test_ebpf_replaces_kube_proxy_and_gets_the_endpoint_of_the_api() -> None:
    made = network("calico-vxlan", data_plane="ebpf")
    assert made.replaces_kube_proxy
    release = made.addon(one_rack(control_plane_endpoint="api.example.net:8443")).release
    assert release is not None
    assert release.values["kubernetesServiceEndpoint"] == {"host": "api.example.net", "port": "8443"}
    other = network("calico-vxlan").addon(one_rack()).release
    assert other is not None
    assert "kubernetesServiceEndpoint" not in other.values


def test_nodeports_use_vxlan_with_ebpf_in_every_mode() -> None:
    made = network("calico-pure-ip", data_plane="ebpf")
    assert made.pod_mtu(one_rack()) == 1450
    assert made.pod_mtu(dual_stack()) == 1430
    assert Port("udp", 4789, "Calico NodePorts") in made.prerequisites(one_rack()).ports
    assert network("calico-vxlan", data_plane="ebpf").pod_mtu(one_rack()) == 1450


def test_ebpf_prepares_the_kernel_and_leaves_links_and_pins() -> None:
    made = network("calico-vxlan", data_plane="ebpf")
    kinds = {r.kind for r in made.prerequisites(one_rack()).resources}
    assert {"kernel option", "mount"} <= kinds
    assert "bpfin.cali" in made.traces().links
    assert made.traces().bpf_pins == ("/sys/fs/bpf/tc", "/sys/fs/bpf/ctlb", "/sys/fs/bpf/tcx")
    assert not network("calico-vxlan").traces().bpf_pins


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"mode": "calico-ipip-cross-subnet"},
         "network.mode: calico-ipip-cross-subnet is out of date; use calico-ipip with cross_subnet"),
        ({"mode": "calico-vxlan", "ipipMode": "Always"},
         "network.ipipMode: is out of date; the mode is calico-ipip, with cross_subnet"),
        ({"mode": "calico-vxlan", "wireguardEnabled": True},
         'network.wireguardEnabled: is out of date; it is encryption "wireguard"'),
        ({"mode": "calico-vxlan", "version": "3.20"},
         "network.version: input should be '3.32' or '3.33' (it is '3.20')"),
        ({"mode": "calico-vxlan", "vni": 2**24}, "network.vni: input should be less than 16777216 (it is 16777216)"),
        ({"mode": "calico-vxlan", "values": {"Installation": {"registry": {1}}}},
         "network.values: contains a value that is not plain data: text, numbers, lists, tables "
         "(it is {'Installation': {'registry': {1}}})"),
        ({"mode": "calico-ipip", "vni": 1}, "network.vni: unknown variable 'vni'; known are api_server, block_size, "
         "cross_subnet, data_plane, egress, egress_addresses, egress_gateway, egress_pools, encryption, nat_outgoing, "
         "values, version"),
    ],
)  # fmt: skip
def test_bad_settings_are_reported(settings: dict[str, Any], expected: str) -> None:
    assert problems_of(hosts(network=settings), groups()) == [expected]


def test_names_of_other_tools_have_replacements() -> None:
    assert {"calico-ebpf", "calico-bird", "calico-none"} <= set(retired())


@pytest.mark.parametrize(
    ("settings", "version"), [({"version": "3.32"}, "v3.32.4"), ({"version": "3.33"}, "v3.33.1"), ({}, "v3.33.1")]
)
def test_both_charts_are_of_the_line(settings: dict[str, Any], version: str) -> None:
    addon = network("calico-vxlan", **settings).addon(one_rack())
    assert [(r.chart.name, r.chart.version) for r in addon.releases] == [
        ("crd.projectcalico.org.v1", version),
        ("tigera-operator", version),
    ]


def test_the_operators_chart_installs_no_objects_of_its_own() -> None:
    release = network("calico-vxlan").addon(one_rack()).release
    assert release is not None
    assert release.values == {name: {"enabled": False} for name in ("installation", "apiServer", "goldmane", "whisker")}


def test_pools_are_complete_so_that_the_operator_adds_nothing() -> None:
    spec = next(o for o in network("calico-vxlan").addon(one_rack()).after if o["kind"] == "Installation")["spec"]
    assert spec["calicoNetwork"]["ipPools"] == [
        {
            "name": "default-ipv4-ippool",
            "cidr": "10.244.0.0/16",
            "natOutgoing": "Enabled",
            "blockSize": 26,
            "allowedUses": ["Workload", "Tunnel"],
            "assignmentMode": "Automatic",
            "encapsulation": "VXLAN",
            "nodeSelector": "all()",
            "disableBGPExport": False,
            "disableNewAllocations": False,
        }
    ]
