"""What all modes of Flannel share: distinct backends, IP versions, dual stack, names that are out of date."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from tests.unit.clusters import cluster, dual_stack, groups, hosts, network, one_rack
from underlay.model.cluster import Cluster
from underlay.networks.flannel.flannel import Flannel
from underlay.networks.flannel.host_gw import FlannelHostGw
from underlay.networks.flannel.ipip import FlannelIpip
from underlay.networks.flannel.udp import FlannelUdp
from underlay.networks.flannel.vxlan import FlannelVxlan
from underlay.networks.registry import modes, retired
from underlay.resources.file import File

from .samples import LINKS, flanneld, judged, net_conf

MODES = [name for name in modes() if name.startswith("flannel-")]
BOTH = ["flannel-host-gw", "flannel-vxlan", "flannel-wireguard"]


def of(mode: str) -> Flannel:
    made = network(mode)
    assert isinstance(made, Flannel)
    return made


def with_links(*names: str) -> list[dict[str, Any]]:
    return [*LINKS, *({"ifname": name, "mtu": 1450, "flags": ["UP"]} for name in names)]


def test_every_supported_backend_of_flannel_is_a_mode() -> None:
    backends = ("aws-vpc", "gce", "host-gw", "ipip", "ipsec", "udp", "vxlan", "wireguard")
    assert {f"flannel-{backend}" for backend in backends} <= {*MODES}


@pytest.mark.parametrize("mode", MODES)
def test_the_backend_that_a_node_registered_is_the_modes(mode: str) -> None:
    made = of(mode)
    assert judged(made, "Flannel's backend", made.registered, of=one_rack()) is None
    for name in MODES:
        if (other := of(name).registered) != made.registered:
            problem = judged(made, "Flannel's backend", other + "\n", of=one_rack())
            assert problem == (
                f"backend that flanneld registered: {other or 'none'}, expected {made.registered or 'none'}"
            )


@pytest.mark.parametrize("mode", MODES)
def test_the_links_on_a_node_are_the_modes_and_no_others(mode: str) -> None:
    made = of(mode)
    own = made.links((4,))
    # An operator's links may begin as Flannel's do.
    others = ("flannel-office", "flannel.lab", "flannel-wg0", "flannel00")
    assert judged(made, "Flannel's links", with_links(*own, *others), of=one_rack()) is None
    for name in MODES:
        if (other := of(name).links((4,))) != own:
            problem = judged(made, "Flannel's links", with_links(*other), of=one_rack())
            parts = [f"missing {link}" for link in own] + [f"unexpected {link}" for link in other]
            assert problem == "; ".join(parts)


@pytest.mark.parametrize("mode", MODES)
def test_a_backend_that_carries_ipv4_only_is_refused_a_dual_stack(mode: str) -> None:
    problems = [
        f"network.mode: {mode} carries IPv4 only (a pod subnet is fd00:10:244::/56); "
        "remove the IPv6 subnets, or use flannel-vxlan"
    ]
    assert of(mode).problems(dual_stack()) == ([] if 6 in of(mode).families else problems)


def test_some_backends_carry_ipv6_and_others_do_not() -> None:
    with_ipv6 = {mode for mode in MODES if 6 in of(mode).families}
    assert with_ipv6 >= {*BOTH}
    assert not with_ipv6 & {"flannel-aws-vpc", "flannel-gce", "flannel-ipip", "flannel-ipsec", "flannel-udp"}


@pytest.mark.parametrize("mode", BOTH)
def test_flanneld_is_configured_for_dual_stack(mode: str) -> None:
    conf = net_conf(of(mode), dual_stack())
    del conf["Backend"]
    assert conf == {
        "EnableIPv6": True,
        "EnableNFTables": True,
        "Network": "10.244.0.0/16",
        "IPv6Network": "fd00:10:244::/56",
    }


@pytest.mark.parametrize("mode", BOTH)
def test_a_cluster_of_ipv6_alone_has_no_ipv4_network(mode: str) -> None:
    conf = net_conf(of(mode), one_rack(pod_subnet=ip_network("fd00:10:244::/56")))
    del conf["Backend"]
    assert conf == {"EnableIPv4": False, "EnableIPv6": True, "EnableNFTables": True, "IPv6Network": "fd00:10:244::/56"}


def test_flanneld_uses_both_addresses_of_the_inventory() -> None:
    def started(made: Cluster) -> tuple[list[str], list[str]]:
        container = flanneld(FlannelVxlan(), made)["containers"][0]
        return container["command"], [e["valueFrom"]["fieldRef"]["fieldPath"] for e in container["env"][2:]]

    assert started(one_rack()) == (["/opt/bin/flanneld"], ["status.hostIP"])
    both = 'exec /opt/bin/flanneld "$@" --public-ipv6="${HOST_IPS#*,}"'
    assert started(dual_stack()) == (["sh", "-c", both, "flanneld"], ["status.hostIP", "status.hostIPs"])


@pytest.mark.parametrize(("mode", "privileged"), [(m, m == "flannel-udp") for m in MODES])
def test_only_a_program_that_opens_a_device_is_privileged(mode: str, privileged: bool) -> None:
    security = flanneld(of(mode))["containers"][0]["securityContext"]
    capabilities = {"capabilities": {"add": ["NET_ADMIN", "NET_RAW"]}}
    assert security == ({"privileged": True} if privileged else capabilities)


def test_network_manager_is_kept_off_the_modes_own_links() -> None:
    def kept(made: Flannel) -> str:
        files = (r for r in made.prerequisites(cluster()).resources if isinstance(r, File))
        return next(f.content or "" for f in files).splitlines()[1].removeprefix("unmanaged-devices=")

    name = "interface-name:"
    assert kept(FlannelHostGw()) == f"{name}cni0;{name}veth*"
    assert kept(FlannelUdp()) == f"{name}cni0;{name}flannel0;{name}veth*"
    assert kept(FlannelIpip()) == f"{name}cni0;{name}flannel.ipip;{name}veth*"
    assert kept(FlannelVxlan()) == f"{name}cni0;{name}flannel.1;{name}flannel-v6.1;{name}veth*"


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("flannel", "a mode is a plugin and a backend; use flannel-vxlan, Flannel's own default"),
        ("flannel-hostgw", "its name is flannel-host-gw"),
        ("flannel-ali-vpc", "Flannel 0.20 dropped that backend and nothing took its place; use flannel-vxlan"),
    ],
)
def test_an_out_of_date_name_is_reported_with_its_replacement(name: str, remedy: str) -> None:
    from tests.unit.inventory.spec_problems import problems_of  # noqa: PLC0415

    assert retired()[name] == remedy
    assert problems_of(hosts(mode=name), groups()) == [f"network.mode: {name} is out of date; {remedy}"]


def test_a_setting_derived_from_the_cluster_is_refused_with_its_source() -> None:
    from tests.unit.inventory.spec_problems import problems_of  # noqa: PLC0415

    assert problems_of(hosts(network={"mode": "flannel-udp", "mtu": 1400, "iface": "eth1"}), groups()) == [
        "network.mtu: is out of date; it is derived from path_mtu and the mode's overhead",
        "network.iface: is out of date; flanneld uses the link that has the host's address in the inventory",
    ]
