"""What a change removes from a host and what it makes ready, on what stands for one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.clusters import network, one_rack
from tests.unit.local_host import Shell
from tests.unit.reset.test_footprint import NOTHING, link
from underlay.change.host_change import after_script, before_script, leftovers, no_longer_declared
from underlay.model.attachment import Attachment
from underlay.networks.flannel.adoption import adoption
from underlay.networks.network import Network
from underlay.plan.host_record import Prior
from underlay.plan.recorded_mode import mode_line
from underlay.reset.footprint import Footprint
from underlay.reset.questions import HostState
from underlay.resources.file import File
from underlay.resources.sysctl import Sysctl

LINKS = [
    link("eth0", "veth", "192.0.2.2"),
    link("cni0", "bridge", "10.244.1.1"),
    link("flannel.1", "vxlan", "10.244.1.0"),
]
# As `ip -json route show table all` prints them: Flannel's own by vxlan and by host-gw, FRR's, and the agent's.
BY_VXLAN = {"dst": "10.244.0.0/24", "gateway": "10.244.0.0", "dev": "flannel.1", "flags": ["onlink"]}
BY_HOST = {"dst": "10.244.0.0/24", "gateway": "192.0.2.1", "dev": "eth0", "protocol": "boot"}
BY_BGP = {"dst": "10.244.2.0/24", "gateway": "192.0.2.3", "dev": "eth0", "protocol": "bgp", "metric": 20}
OWN = {"type": "blackhole", "dst": "10.244.1.0/24", "protocol": "117", "metric": 4096}
BRIDGE = {"dst": "10.244.1.0/24", "dev": "cni0", "protocol": "kernel"}


def left(new: Network, *old: str) -> Footprint:
    cluster = one_rack(routes=new.routes[0])
    state = HostState(
        **{
            **vars(NOTHING),
            "modes": tuple(mode_line(network(mode)) for mode in old),
            "links": json.dumps(LINKS),
            "routes": (json.dumps([BY_VXLAN, BY_HOST, BY_BGP, OWN, BRIDGE]), "[]"),
            "tables": ("ip flannel-ipv4", "ip underlay-masquerade", "ip kube-proxy"),
            "chains": ("FLANNEL-FWD", "KUBE-FORWARD"),
        }
    )
    return leftovers(cluster, new, cluster.node("w-1"), state)


def test_the_bridge_and_what_the_new_network_shares_stay() -> None:
    found = left(network("flannel-host-gw"), "flannel-vxlan", "flannel-host-gw")
    assert found.links == ("flannel.1",)
    assert found.tables == found.chains == found.paths == ()
    assert found.routes == (
        "-4 route del 10.244.2.0/24 via 192.0.2.3 proto bgp metric 20 dev eth0",
        "-4 route del blackhole 10.244.1.0/24 proto 117 metric 4096",
    )


def test_of_flannel_routed_leaves_the_bridge_alone() -> None:
    found = left(network("routed"), "flannel-vxlan", "routed")
    assert found.links == ("flannel.1",)
    assert found.tables == ("ip flannel-ipv4",)
    assert found.chains == ("FLANNEL-FWD",)
    assert "/etc/cni/net.d/10-flannel.conflist" in found.paths
    assert "/etc/cni/net.d/10-underlay.conflist" not in found.paths
    assert found.routes == ("-4 route del 10.244.0.0/24 via 192.0.2.1 proto boot dev eth0",)


def test_one_route_to_all_pods_takes_the_place_of_those_to_nodes() -> None:
    found = left(network("flannel-udp"), "flannel-host-gw", "flannel-udp")
    assert "-4 route del 10.244.0.0/24 via 192.0.2.1 proto boot dev eth0" in found.routes


def test_direct_routing_keeps_the_routes_of_its_segment() -> None:
    found = left(network("flannel-vxlan", direct_routing=True), "flannel-host-gw", "flannel-vxlan")
    assert not any("192.0.2.1" in route for route in found.routes)
    assert found.links == ()


def test_without_a_network_nothing_of_pods_stays() -> None:
    found = left(network("none"), "flannel-vxlan", "none")
    assert set(found.links) == {"cni0", "flannel.1"}
    assert "CNI-" in found.patterns
    assert "KUBE-FORWARD" not in found.chains


def test_empty_directories_of_kubernetes_stay() -> None:
    found = left(network("flannel-host-gw"), "flannel-vxlan")
    assert "/etc/kubernetes" not in after_script(found, [], adoption="", mtu="")
    of_frr = [Prior("file", "/etc/frr/frr.conf", "absent")]
    assert "rmdir" in after_script(found, of_frr, adoption="", mtu="")


def test_what_the_new_network_does_not_declare_is_given_back_and_packages_are_not() -> None:
    prior = [
        Prior("packages", "frr", "absent"),
        Prior("file", "/etc/frr/frr.conf", "absent"),
        Prior("sysctl", "net.ipv4.ip_forward", "0"),
        Prior("unit", "frr.service", "UnitFileState=disabled ActiveState=inactive"),
        Prior("module", "vxlan", "absent"),
    ]
    found = no_longer_declared(prior, [Sysctl("net.ipv4.ip_forward", "1"), File("/etc/other", "x")])
    assert [p.name for p in found] == ["frr.service", "/etc/frr/frr.conf"]


@pytest.fixture(params=["sh", "bash"])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Shell:
    for name in ("cni/networks", "bin"):
        (tmp_path / name).mkdir(parents=True)
    return Shell(
        request.param,
        bin=tmp_path / "bin",
        places={
            "/var/lib/cni": f"{tmp_path}/cni",
            "/etc/cni": f"{tmp_path}/etc-cni",
            "/sys/class/net": f"{tmp_path}/net",
        },
    )


def addresses(tmp_path: Path, name: str, **containers: str) -> Path:
    """host-local's directory: a file for each address, two lines that end as on Windows (backend/disk, v1.9)."""
    directory = tmp_path / "cni/networks" / name
    directory.mkdir()
    for address, container in containers.items():
        (directory / address).write_text(f"{container}\r\neth0")
    (directory / "last_reserved_ip.0").write_text("10.244.1.9")
    (directory / "lock").touch()
    return directory


def prepare(host: Shell, old: str, new: str) -> None:
    ends = [Attachment("cni0", f"/var/lib/cni/networks/{name}") for name in (old, new)]
    ran = host.run(before_script(*ends, mtu=1450, adoption=adoption({"mtu": 1500}, ["10.244.1.0/24"])))
    assert ran.rc == 0, ran.stderr


def test_both_networks_note_addresses_in_one_place_and_the_way_back_too(host: Shell, tmp_path: Path) -> None:
    addresses(tmp_path, "routed", **{"10.244.1.2": "abc"})
    networks = tmp_path / "cni/networks"
    for _ in range(2):
        prepare(host, "routed", "cbr0")
        assert (networks / "routed").is_symlink()
        assert not (networks / "cbr0").is_symlink()
        assert (networks / "routed/10.244.1.2").read_text().startswith("abc")
    (networks / "cbr0/10.244.1.3").write_text("def\r\neth0")
    prepare(host, "cbr0", "routed")
    assert (networks / "cbr0").is_symlink()
    assert sorted(p.name for p in (networks / "routed").iterdir()) == [
        "10.244.1.2", "10.244.1.3", "last_reserved_ip.0", "lock",
    ]  # fmt: skip


def test_addresses_of_an_earlier_change_are_kept(host: Shell, tmp_path: Path) -> None:
    addresses(tmp_path, "routed", **{"10.244.1.2": "abc"})
    addresses(tmp_path, "cbr0", **{"10.244.1.7": "old", "10.244.1.2": "older"})
    prepare(host, "routed", "cbr0")
    assert (tmp_path / "cni/networks/cbr0/10.244.1.7").exists()
    assert (tmp_path / "cni/networks/cbr0/10.244.1.2").read_text().startswith("abc")


def test_flannel_s_plugin_can_let_go_of_pods_that_another_has_attached(host: Shell, tmp_path: Path) -> None:
    addresses(tmp_path, "routed", **{"10.244.1.2": "abc", "10.244.1.3": "def"})
    scratch = tmp_path / "cni/flannel"
    scratch.mkdir()
    (scratch / "abc").write_text("its own")
    prepare(host, "routed", "cbr0")
    assert sorted(p.name for p in scratch.iterdir()) == ["abc", "def"]
    assert (scratch / "abc").read_text() == "its own"
    # What the plugin delegates to has to read it: the type, the network's name and the kind of addresses.
    noted = json.loads((scratch / "def").read_text())
    assert (noted["type"], noted["name"], noted["ipam"]["type"]) == ("bridge", "cbr0", "host-local")
    assert noted["ipam"]["ranges"] == [[{"subnet": "10.244.1.0/24"}]]
