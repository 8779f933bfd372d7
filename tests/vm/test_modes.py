"""Modes whose kernel features the lab's hosts may lack: pods in two racks talk, in this mode and no other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.proof import saw
from underlay.networks.registry import modes

from .capture import Capture
from .installed_mode import InstalledMode
from .site import GUESTS, Site
from .vm_cluster import VmCluster

pytestmark = [pytest.mark.lab]

POD_SUBNET = "10.244.0.0/16"


@dataclass(frozen=True)
class Packets:
    """What is between the nodes on the wire, said apart from the mode itself; `also` may be there as well."""

    shows: str
    encrypted: bool = False
    also: str = ""


# The first is a control: a mode that the lab's hosts can run, and that hides nothing.
MODES = {
    "flannel-vxlan": Packets("udp port 8472"),
    "flannel-ipip": Packets("ip proto 4"),
    "flannel-wireguard": Packets("udp port 51820", encrypted=True),
    "flannel-ipsec": Packets("ip proto 50", encrypted=True, also="udp port 500 or udp port 4500"),
}


@dataclass(frozen=True)
class Traffic:
    """A mode while its pods talked."""

    installed: InstalledMode
    packets: Packets
    text: str
    capture: Capture
    answers: dict[str, dict[str, str]]


@pytest.fixture(scope="module", params=MODES)
def observed(request: pytest.FixtureRequest, site: Site) -> Iterator[Traffic]:
    mode = request.param
    if mode not in modes():
        pytest.skip(f"there is no mode {mode}")
    installed = InstalledMode(site, VmCluster.of(site, mode))
    text = f"in the clear {mode}"
    try:
        installed.install()
        capture, answers = installed.talk(text)
        yield Traffic(installed, MODES[mode], text, capture, answers)
    finally:
        installed.remove()


def test_bodies_of_a_megabyte_come_whole_both_ways(observed: Traffic) -> None:
    assert {name: answer["body"] for name, answer in observed.answers.items()} == dict.fromkeys(GUESTS, "ok")
    observed.installed.passed.add("bodies")


def test_the_largest_packet_passes_and_one_byte_more_does_not(observed: Traffic) -> None:
    mtu = observed.installed.vm_cluster.network.pod_mtu(observed.installed.vm_cluster.cluster)
    for answer in observed.answers.values():
        assert answer["mtu"] == str(mtu)
        assert answer["largest"] == "passes"
        assert "essage too long" in answer["one more"]
    observed.installed.passed.add("packets")


def test_the_modes_own_checks_hold(observed: Traffic) -> None:
    checks = observed.installed.vm_cluster.network.checks(observed.installed.vm_cluster.cluster)
    said = {f"{c.name} on {c.node}": c.judge(observed.installed.site.run(c.node, c.command)) for c in checks}
    assert said == dict.fromkeys(said)
    assert said
    observed.installed.passed.add("checks")


def test_the_capture_shows_this_mode_and_no_other(observed: Traffic) -> None:
    one, other = observed.installed.vm_cluster.nodes
    between = f"host {one.address} and host {other.address}"
    packets, count = observed.packets, observed.capture.count
    allowed = " or ".join(f"({expression})" for expression in (packets.shows, packets.also) if expression)
    for a, b in ((one, other), (other, one)):
        assert count(f"({packets.shows}) and src host {a.address} and dst host {b.address}") > 20
    alien = f"{between} and not ({allowed})"
    assert count(alien) == 0, observed.capture.first(alien)
    assert count(f"net {POD_SUBNET}") == 0, observed.capture.first(f"net {POD_SUBNET}")
    assert observed.capture.holds(observed.text) is not packets.encrypted
    observed.installed.passed.add("capture")


def test_the_capture_is_what_the_mode_says_of_itself(observed: Traffic) -> None:
    one, other = observed.installed.vm_cluster.nodes
    wire = observed.installed.vm_cluster.network.wire(observed.installed.vm_cluster.cluster, one, other)
    assert wire
    for a, b in ((one, other), (other, one)):
        assert observed.capture.count(f"({wire.shows}) and src host {a.address} and dst host {b.address}") > 20
    for never in filter(None, (wire.never, wire.never_sent)):
        assert observed.capture.count(never) == 0, observed.capture.first(never)
    observed.installed.passed.add("wire")


def test_a_reset_leaves_the_machines_as_they_were(observed: Traffic) -> None:
    observed.installed.remove()
    left = [f"{name}: {line}" for name, lines in observed.installed.left().items() for line in lines]
    assert not left, "\n".join(left)
    if observed.installed.passed == {"bodies", "packets", "checks", "capture", "wire"}:
        kernel = observed.installed.site.run(GUESTS[0], "uname -r").strip()
        how = f"two virtual machines in two racks, Debian kernel {kernel}, capture on the router between them"
        saw(observed.installed.mode, 4, how, machines=True)
