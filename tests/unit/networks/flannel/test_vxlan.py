"""What is specific to flannel-vxlan: its settings, its link, its routes, as `ip -json` printed them on a host."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.clusters import cluster, groups, hosts
from underlay.model.check import Check
from underlay.model.prerequisites import Port
from underlay.networks.flannel.vxlan import FlannelVxlan
from underlay.resources.file import File
from underlay.resources.kernel_module import KernelModule

from .samples import HOST

LINK: dict[str, Any] = {
    "ifindex": 4,
    "ifname": "flannel.1",
    "flags": ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"],
    "mtu": 1450,
    "operstate": "UNKNOWN",
    "link_type": "ether",
    "linkinfo": {
        "info_kind": "vxlan",
        "info_data": {"id": 1, "local": "192.0.2.1", "link": "eth0", "port": 8472, "learning": False, "ttl": 0},
    },
}


def tunnel(number: int) -> dict[str, Any]:
    return {"dst": f"10.244.{number}.0/24", "gateway": f"10.244.{number}.0", "dev": "flannel.1", "flags": ["onlink"]}


def direct(number: int, gateway: str) -> dict[str, Any]:
    return {"dst": f"10.244.{number}.0/24", "gateway": gateway, "dev": "eth0", "flags": []}


def check(name: str, network: FlannelVxlan, node: str = "cp-1") -> Check:
    return next(c for c in network.checks(cluster()) if c.name == name and c.node == node)


def link(network: FlannelVxlan, **changes: Any) -> str | None:
    data = LINK["linkinfo"]["info_data"] | changes.pop("data", {})
    shown = LINK | changes | {"linkinfo": {"info_kind": "vxlan", "info_data": data}}
    return check("the VXLAN link", network).judge(json.dumps([shown]))


def routes(network: FlannelVxlan, *found: dict[str, Any]) -> str | None:
    return check("routes to the pods of other nodes", network).judge(json.dumps([*HOST, *found]))


def test_the_link_is_as_declared() -> None:
    assert link(FlannelVxlan()) is None


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"mtu": 1500}, "mtu 1500, expected 1450"),
        ({"data": {"port": 4789}}, "port 4789, expected 8472"),
        ({"data": {"id": 2}}, "vni 2, expected 1"),
        ({"flags": ["BROADCAST"]}, "state down, expected up"),
        ({"mtu": 1500, "data": {"id": 2}}, "mtu 1500, expected 1450; vni 2, expected 1"),
    ],
)
def test_a_link_that_differs_is_reported(changes: dict[str, Any], difference: str) -> None:
    assert link(FlannelVxlan(), **changes) == f"flannel.1: {difference}"


def test_the_links_name_follows_the_vni() -> None:
    network = FlannelVxlan(vni=4096, port=4789)
    assert network.links((4,)) == ("flannel.4096",)
    assert check("the VXLAN link", network).command == "ip -json -details link show flannel.4096"
    assert link(network, ifname="flannel.4096", data={"id": 4096, "port": 4789}) is None
    assert network.traces().links == ("cni0", "flannel.4096", "flannel-v6.4096")
    kept = next(r for r in network.prerequisites(cluster()).resources if isinstance(r, File))
    assert "interface-name:flannel.4096;" in (kept.content or "")


def test_every_other_node_is_reached_through_the_overlay() -> None:
    assert routes(FlannelVxlan(), tunnel(1), tunnel(2)) is None


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        ((), "0 routes through the overlay, expected 2"),
        ((tunnel(1),), "1 routes through the overlay, expected 2"),
        ((tunnel(1), tunnel(2), tunnel(3)), "3 routes through the overlay, expected 2"),
        (
            (tunnel(1), direct(2, "192.0.2.3")),
            "gateways of routes outside the overlay: unexpected 192.0.2.3",
        ),
        (
            (tunnel(1), tunnel(2), direct(3, "192.0.2.254")),
            "gateways of routes outside the overlay: unexpected 192.0.2.254",
        ),
    ],
)
def test_routes_that_bypass_the_overlay_are_reported(found: tuple[dict[str, Any], ...], problem: str) -> None:
    assert routes(FlannelVxlan(), *found) == problem


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        ((direct(1, "192.0.2.2"), tunnel(2)), None),
        ((tunnel(1), tunnel(2)), "gateways of routes outside the overlay: missing 192.0.2.2"),
        ((direct(1, "192.0.2.2"),), "0 routes through the overlay, expected 1"),
        (
            (direct(1, "192.0.2.2"), direct(2, "192.0.2.3")),
            "gateways of routes outside the overlay: unexpected 192.0.2.3",
        ),
    ],
)
def test_direct_routing_bypasses_the_overlay_inside_a_rack_only(
    found: tuple[dict[str, Any], ...], problem: str | None
) -> None:
    assert routes(FlannelVxlan(direct_routing=True), *found) == problem


def test_a_packet_grows_by_fifty_bytes() -> None:
    assert FlannelVxlan().overhead(cluster()) == 50


def test_requires_its_module_and_its_port() -> None:
    needs = FlannelVxlan(port=4789).prerequisites(cluster())
    assert KernelModule("vxlan") in needs.resources
    assert needs.ports == (Port("udp", 4789, "flannel VXLAN"),)


def test_flanneld_gets_the_settings() -> None:
    network = FlannelVxlan(vni=7, port=4789, direct_routing=True)
    made = cluster(path_mtu=9000, kube_proxy={"mode": "iptables"})
    config = next(o for o in network.addon(made).objects if o["kind"] == "ConfigMap")["data"]
    assert json.loads(config["net-conf.json"]) == {
        "Network": "10.244.0.0/16",
        "EnableNFTables": False,
        "Backend": {"Type": "vxlan", "VNI": 7, "Port": 4789, "DirectRouting": True, "MTU": 9000},
    }
    assert json.loads(config["cni-conf.json"])["plugins"][0]["delegate"]["mtu"] == 8950


def test_a_changed_setting_replaces_flanneld() -> None:
    def digest(network: FlannelVxlan) -> str:
        pods = next(o for o in network.addon(cluster()).objects if o["kind"] == "DaemonSet")["spec"]["template"]
        return str(pods["metadata"]["annotations"]["underlay/config"])

    assert digest(FlannelVxlan()) == digest(FlannelVxlan())
    assert digest(FlannelVxlan()) != digest(FlannelVxlan(vni=2))


@pytest.mark.parametrize(
    ("settings", "problems"),
    [
        ({"vni": 0}, ["network.vni: input should be greater than 0 (it is 0)"]),
        ({"vni": 10**7}, ["network.vni: input should be less than 10000000 (it is 10000000)"]),
        ({"port": 70000}, ["network.port: input should be less than 65536 (it is 70000)"]),
        ({"prot": 4789}, ["network.prot: unknown variable 'prot'; did you mean port?"]),
        (
            {"vni": "one", "port": None, "direct_routng": True},
            [
                "network.vni: input should be a valid integer, unable to parse string as an integer (it is 'one')",
                "network.port: input should be a valid integer (it is None)",
                "network.direct_routng: unknown variable 'direct_routng'; did you mean direct_routing?",
            ],
        ),
    ],
)
def test_bad_settings_are_reported(settings: dict[str, Any], problems: list[str]) -> None:
    from tests.unit.inventory.spec_problems import problems_of  # noqa: PLC0415

    network = {"mode": "flannel-vxlan", **settings}
    assert problems_of(hosts(network=network), groups()) == problems
