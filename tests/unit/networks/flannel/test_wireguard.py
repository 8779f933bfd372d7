"""What is specific to flannel-wireguard: tunnels, their ports and peers, keys."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import SecretStr

from tests.unit.clusters import cluster, dual_stack, groups, hosts, one_rack
from underlay.model.cluster import Cluster
from underlay.model.prerequisites import Port
from underlay.networks.flannel.wireguard import FlannelWireguard
from underlay.resources.kernel_module import KernelModule
from underlay.resources.packages import Packages

from .samples import HOST, HOST_V6, configuration, flanneld, judged, link, net_conf

PSK = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
KEYS = ("a2V5LW9mLXctMQ=", "a2V5LW9mLXctMg=", "a2V5LW9mLW5vYm9keQ=")


def peers(*endpoints: str, without: int = -1) -> str:
    """`wg show LINK endpoints`, then `allowed-ips`; the peer `without` has none."""
    lines = [f"{key}\t{endpoint}" for key, endpoint in zip(KEYS, endpoints, strict=False)]
    lines += [f"{KEYS[i]}\t{'(none)' if i == without else f'10.244.{i}.0/24'}" for i in range(len(endpoints))]
    return "".join(f"{line}\n" for line in lines)


def ipv6_alone() -> Cluster:
    both = dual_stack()
    return one_rack(pod_subnet=both.pod_subnets[1])


def test_the_link_is_wireguard_with_room_for_what_pods_send() -> None:
    assert judged(FlannelWireguard(), "the link flannel-wg", link("flannel-wg", "wireguard", 1420)) is None
    small = link("flannel-wg", "wireguard", 1412)
    assert judged(FlannelWireguard(), "the link flannel-wg", small) == "flannel-wg: mtu 1412, expected 1420"


@pytest.mark.parametrize(
    ("endpoints", "problem"),
    [
        (("192.0.2.2:51820", "192.0.2.3:51820"), None),
        (("192.0.2.3:51820",), "peers: missing w-1"),
        ((), "peers: missing w-1, w-2"),
        (("192.0.2.2:51820", "(none)"), "peers: missing w-2; unexpected (none)"),
        (("192.0.2.2:51820", "192.0.2.3:51821"), "peers: missing w-2; unexpected 192.0.2.3:51821"),
        (
            ("192.0.2.2:51820", "192.0.2.3:51820", "198.51.100.7:51820"),
            "peers: unexpected 198.51.100.7:51820",
        ),
    ],
)
def test_every_other_node_is_a_peer_and_nobody_else(endpoints: tuple[str, ...], problem: str | None) -> None:
    assert judged(FlannelWireguard(), "the peers of flannel-wg", peers(*endpoints)) == problem


@pytest.mark.parametrize("old", [0, 1, 2])
def test_the_key_that_a_node_had_before_a_reboot_is_not_unexpected(old: int) -> None:
    endpoints = ["192.0.2.2:51820", "192.0.2.3:51820"]
    endpoints.insert(old, "192.0.2.3:51820")
    own = peers(*endpoints, without=old)
    assert judged(FlannelWireguard(), "the peers of flannel-wg", own) is None
    both = "peers: unexpected 192.0.2.3:51820"
    assert judged(FlannelWireguard(), "the peers of flannel-wg", peers(*endpoints)) == both


def test_a_peer_without_allowed_ips_is_missing() -> None:
    shown = peers("192.0.2.2:51820", "192.0.2.3:51820", without=1)
    assert judged(FlannelWireguard(), "the peers of flannel-wg", shown) == "peers: missing w-2"


@pytest.mark.parametrize(
    ("tunnel", "name", "endpoints"),
    [
        ("separate", "flannel-wg", ("192.0.2.2:51820", "192.0.2.3:51820")),
        ("separate", "flannel-wg-v6", ("[2001:db8::2]:51821", "[2001:db8::3]:51821")),
        ("ipv4", "flannel-wg", ("192.0.2.2:51820", "192.0.2.3:51820")),
        ("ipv6", "flannel-wg", ("[2001:db8::2]:51820", "[2001:db8::3]:51820")),
        ("auto", "flannel-wg", ("[2001:db8::2]:51820", "192.0.2.3:51820")),
    ],
)
def test_peers_of_dual_stack_are_where_the_tunnel_goes(tunnel: Any, name: str, endpoints: tuple[str, ...]) -> None:
    made = FlannelWireguard(tunnel=tunnel)
    assert judged(made, f"the peers of {name}", peers(*endpoints), of=dual_stack()) is None
    other = tuple(e.replace(":5182", ":5192") for e in endpoints)
    assert judged(made, f"the peers of {name}", peers(*other), of=dual_stack()) is not None


def test_one_route_of_each_family_leads_to_all_pods() -> None:
    separate, single = FlannelWireguard(), FlannelWireguard(tunnel="auto")
    v4 = {"dst": "10.244.0.0/16", "dev": "flannel-wg", "scope": "link", "flags": []}
    v6 = {"dst": "fd00:10:244::/56", "dev": "flannel-wg-v6", "metric": 1024, "flags": [], "pref": "medium"}
    name = "the IPv6 route to all pods"
    assert judged(separate, "the route to all pods", json.dumps([*HOST, v4])) is None
    assert judged(separate, "the route to all pods", json.dumps(HOST)) == (
        "route to 10.244.0.0/16: link none, expected flannel-wg"
    )
    assert judged(separate, name, json.dumps([*HOST_V6, v6]), of=dual_stack()) is None
    assert judged(single, name, json.dumps([*HOST_V6, v6 | {"dev": "flannel-wg"}]), of=dual_stack()) is None
    assert judged(single, name, json.dumps([*HOST_V6, v6]), of=dual_stack()) == (
        "route to fd00:10:244::/56: link flannel-wg-v6, expected flannel-wg"
    )


@pytest.mark.parametrize(
    ("settings", "shape", "backend"),
    [
        ({}, one_rack(), {"ListenPort": 51820, "ListenPortV6": 51820, "Mode": "separate", "MTU": 1500}),
        ({}, dual_stack(), {"ListenPort": 51820, "ListenPortV6": 51821, "Mode": "separate", "MTU": 1500}),
        (
            {"port": 4500, "port_v6": 4501},
            dual_stack(path_mtu=9000),
            {"ListenPort": 4500, "ListenPortV6": 4501, "Mode": "separate", "MTU": 9000},
        ),
        # One tunnel listens on one port, which peers have to use.
        ({"tunnel": "ipv6"}, dual_stack(), {"ListenPort": 51820, "ListenPortV6": 51820, "Mode": "ipv6", "MTU": 1500}),
    ],
)
def test_flanneld_gets_the_settings(settings: dict[str, Any], shape: Cluster, backend: dict[str, Any]) -> None:
    assert net_conf(FlannelWireguard(**settings), shape)["Backend"] == {"Type": "wireguard", **backend}


def test_a_key_is_kept_in_a_secret_and_nowhere_else() -> None:
    keyed = FlannelWireguard(psk=SecretStr(PSK))
    for made, kind, volume in (
        (FlannelWireguard(), "ConfigMap", {"configMap": {"name": "kube-flannel-cfg"}}),
        (keyed, "Secret", {"secret": {"secretName": "kube-flannel-cfg"}}),
    ):
        objects = made.addon(one_rack()).objects
        assert [o["kind"] for o in objects if o["metadata"]["name"] == "kube-flannel-cfg"] == [kind]
        assert {"name": "flannel-cfg", **volume} in flanneld(made)["volumes"]
    assert configuration(keyed)["net-conf.json"]["Backend"]["PSK"] == PSK
    others = [o for o in keyed.addon(one_rack()).objects if o["kind"] != "Secret"]
    assert PSK not in json.dumps(others)
    assert PSK not in repr(keyed)


@pytest.mark.parametrize("psk", ["short", PSK[:-4], PSK + "AAAA", "not base64 at all, but forty-four letters---", ""])
def test_a_key_of_another_form_is_refused_and_not_shown(psk: str) -> None:
    from tests.unit.inventory.spec_problems import problems_of  # noqa: PLC0415

    assert problems_of(hosts(network={"mode": "flannel-wireguard", "psk": psk}), groups()) == [
        "network.psk: a key has 32 bytes in base64; generate one with `wg genpsk` (not shown)"
    ]


@pytest.mark.parametrize(
    ("settings", "shape", "problems"),
    [
        (
            {"tunnel": "auto"},
            one_rack(),
            ["network.tunnel: applies to dual-stack clusters only (it is auto); remove it"],
        ),
        (
            {"port_v6": 51821},
            one_rack(),
            ["network.port_v6: no separate tunnel carries IPv6 in this cluster; remove it"],
        ),
        (
            {"port_v6": 51821, "tunnel": "ipv4"},
            dual_stack(),
            ["network.port_v6: no separate tunnel carries IPv6 in this cluster; remove it"],
        ),
        (
            {"port": 51821},
            dual_stack(),
            ["network.port_v6: the IPv4 tunnel has the same port (it is 51821); choose another"],
        ),
        (
            {"port": 51820},
            ipv6_alone(),
            ["network.port: the tunnel of an IPv6 cluster listens on port_v6; set port_v6 instead"],
        ),
        ({"port": 51821, "tunnel": "auto"}, dual_stack(), []),
        ({}, dual_stack(), []),
        ({"port_v6": 51820}, ipv6_alone(), []),
    ],
)
def test_a_setting_that_would_be_ignored_is_refused(
    settings: dict[str, Any], shape: Cluster, problems: list[str]
) -> None:
    assert FlannelWireguard(**settings).problems(shape) == problems


def test_requires_its_module_its_ports_and_the_tools_of_its_checks() -> None:
    needs = FlannelWireguard().prerequisites(dual_stack())
    assert KernelModule("wireguard") in needs.resources
    assert Packages(("wireguard-tools",)) in needs.resources
    v4, v6 = Port("udp", 51820, "flannel WireGuard"), Port("udp", 51821, "flannel WireGuard over IPv6")
    assert needs.ports == (v4, v6)
    assert FlannelWireguard().ports(one_rack()) == (v4,)
    assert FlannelWireguard(tunnel="auto").ports(dual_stack()) == (v4,)
    assert FlannelWireguard().ports(ipv6_alone()) == (Port("udp", 51821, "flannel WireGuard"),)


def test_a_kernel_without_wireguard_is_found_before_anything_is_touched() -> None:
    module = next(r for r in FlannelWireguard().prerequisites(cluster()).resources if isinstance(r, KernelModule))
    assert (module.impossible("missing") or "").startswith("this kernel has no module wireguard; install the package")


def test_eighty_bytes_are_reserved_with_either_outer_header() -> None:
    made = FlannelWireguard()
    assert [sum(h.size for h in made.headers(c)) for c in (one_rack(), dual_stack())] == [60, 80]
    assert [made.pod_mtu(c) for c in (one_rack(), dual_stack(), one_rack(path_mtu=9001))] == [1420, 1420, 8921]


def test_no_pod_packet_is_in_the_clear() -> None:
    made = dual_stack()
    wire = FlannelWireguard().wire(made, made.nodes[0], made.nodes[1])
    assert wire.shows == "udp port 51820 or udp port 51821"
    assert wire.never == "net 10.244.0.0/16 or net fd00:10:244::/56"
