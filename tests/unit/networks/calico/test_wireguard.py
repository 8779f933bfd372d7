"""What is specific to WireGuard: keys and peers of every node, since traffic of a node without is in the clear."""

from __future__ import annotations

import json

import pytest

from tests.unit.clusters import dual_stack, network, one_rack
from underlay.model.prerequisites import Port
from underlay.resources.kernel_module import KernelModule
from underlay.resources.packages import Packages

from .samples import VXLAN, WIREGUARD, check, links

MODE = "calico-wireguard"
KEY = "projectcalico.org/WireguardPublicKey"


def test_both_links_exist() -> None:
    assert links(MODE, WIREGUARD, VXLAN) is None
    assert links(MODE, VXLAN) == "missing wireguard.cali"


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("k2=\t192.0.2.2:51820\nk3=\t192.0.2.3:51820\n", None),
        ("k2=\t192.0.2.2:51820\nk3=\t(none)\n",
         "peers of wireguard.cali: missing 192.0.2.3:51820; unexpected (none)"),
        ("", "peers of wireguard.cali: missing 192.0.2.2:51820, 192.0.2.3:51820"),
    ],
)  # fmt: skip
def test_every_other_node_is_a_peer(output: str, expected: str | None) -> None:
    assert check("WireGuard with every other node", MODE).judge(output) == expected


def test_in_ipv6_too() -> None:
    peers = check("WireGuard with every other node (IPv6)", MODE, on=dual_stack())
    assert peers.command == "wg show wg-v6.cali endpoints"
    assert peers.judge("k2=\t[2001:db8::2]:51821\nk3=\t[2001:db8::3]:51821\n") is None


def test_a_node_that_published_no_key_is_named() -> None:
    judge = check("a WireGuard key of every node", MODE).judge

    def nodes(*with_key: str) -> str:
        items = [
            {"metadata": {"name": name, "annotations": {KEY: "k="} if name in with_key else {}}}
            for name in ("cp-1", "w-1", "w-2")
        ]
        return json.dumps({"items": items})

    assert judge(nodes("cp-1", "w-1", "w-2")) is None
    assert judge(nodes("cp-1", "w-2")) == "no WireGuard key of w-1: traffic of their pods is in the clear"


def test_no_command_prints_a_private_key() -> None:
    for made in network(MODE).checks(one_rack()):
        assert "wg show" not in made.command or made.command.endswith(" endpoints")


def test_requires_its_module_tools_and_ports() -> None:
    needs = network(MODE).prerequisites(dual_stack())
    assert KernelModule("wireguard") in needs.resources
    assert Packages(("wireguard-tools",)) in needs.resources
    assert {Port("udp", 51820, "Calico WireGuard"), Port("udp", 51821, "Calico WireGuard")} <= set(needs.ports)


def test_a_capture_shows_no_pod_address() -> None:
    on = one_rack()
    wire = network(MODE).wire(on, on.nodes[0], on.nodes[1])
    assert wire is not None
    assert wire.shows == "udp port 51820"
    assert wire.never == "net 10.244.0.0/16 or udp port 4789 or ip proto 4"


def test_felix_is_configured_for_each_ip_version() -> None:
    def felix(on: object) -> object:
        return next(o for o in network(MODE).addon(on).after if o["kind"] == "FelixConfiguration")["spec"]  # type: ignore[arg-type]

    assert felix(one_rack()) == {"vxlanPort": 4789, "vxlanVNI": 4096, "wireguardEnabled": True}
    assert felix(dual_stack()) == {
        "vxlanPort": 4789, "vxlanVNI": 4096, "wireguardEnabled": True, "wireguardEnabledV6": True}  # fmt: skip


def test_the_mode_without_its_feature_is_refused() -> None:
    assert network(MODE, encryption="none").problems(one_rack()) == [
        'network.encryption: has to be on in calico-wireguard (it is "none"); remove it, or use calico-vxlan'
    ]


def test_a_path_mtu_too_small_for_ipv6_is_refused() -> None:
    assert network(MODE).problems(dual_stack(path_mtu=1300)) == [
        "path_mtu: leaves pods 1220 bytes with calico-wireguard, and IPv6 requires 1280 (it is 1300); use 1360 or more"
    ]
