"""Modes whose kernel features the lab's hosts may lack: pods in two racks talk, in this mode and no other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.proof import saw
from underlay.networks.registry import modes

from .asked import Asked
from .capture import Capture
from .laid import Laid
from .site import GUESTS, Site

pytestmark = [pytest.mark.lab]

POD_SUBNET = "10.244.0.0/16"


@dataclass(frozen=True)
class Packets:
    """What is between the nodes on the wire, said apart from the mode itself; `beside` may be there as well."""

    shows: str
    encrypted: bool = False
    beside: str = ""


# The first is a control: a mode that the lab's hosts can run, and that hides nothing.
MODES = {
    "flannel-vxlan": Packets("udp port 8472"),
    "flannel-ipip": Packets("ip proto 4"),
    "flannel-wireguard": Packets("udp port 51820", encrypted=True),
    "flannel-ipsec": Packets("ip proto 50", encrypted=True, beside="udp port 500 or udp port 4500"),
}


@dataclass(frozen=True)
class Seen:
    """A mode while its pods talked."""

    laid: Laid
    packets: Packets
    text: str
    capture: Capture
    answers: dict[str, dict[str, str]]


@pytest.fixture(scope="module", params=MODES)
def seen(request: pytest.FixtureRequest, site: Site) -> Iterator[Seen]:
    mode = request.param
    if mode not in modes():
        pytest.skip(f"there is no mode {mode}")
    laid = Laid(site, Asked.of(site, mode))
    text = f"in the clear {mode}"
    try:
        laid.lay()
        capture, answers = laid.talk(text)
        yield Seen(laid, MODES[mode], text, capture, answers)
    finally:
        laid.take_away()


def test_bodies_of_a_megabyte_come_whole_both_ways(seen: Seen) -> None:
    assert {name: answer["body"] for name, answer in seen.answers.items()} == dict.fromkeys(GUESTS, "ok")
    seen.laid.passed.add("bodies")


def test_the_largest_packet_passes_and_one_byte_more_does_not(seen: Seen) -> None:
    mtu = seen.laid.asked.network.pod_mtu(seen.laid.asked.cluster)
    for answer in seen.answers.values():
        assert answer["mtu"] == str(mtu)
        assert answer["largest"] == "passes"
        assert "essage too long" in answer["one more"]
    seen.laid.passed.add("packets")


def test_the_modes_own_checks_hold(seen: Seen) -> None:
    checks = seen.laid.asked.network.checks(seen.laid.asked.cluster)
    said = {f"{c.name} on {c.node}": c.judge(seen.laid.site.run(c.node, c.command)) for c in checks}
    assert said == dict.fromkeys(said)
    assert said
    seen.laid.passed.add("checks")


def test_the_capture_shows_this_mode_and_no_other(seen: Seen) -> None:
    one, other = seen.laid.asked.nodes
    between = f"host {one.address} and host {other.address}"
    packets, count = seen.packets, seen.capture.count
    allowed = " or ".join(f"({expression})" for expression in (packets.shows, packets.beside) if expression)
    for a, b in ((one, other), (other, one)):
        assert count(f"({packets.shows}) and src host {a.address} and dst host {b.address}") > 20
    alien = f"{between} and not ({allowed})"
    assert count(alien) == 0, seen.capture.first(alien)
    assert count(f"net {POD_SUBNET}") == 0, seen.capture.first(f"net {POD_SUBNET}")
    assert seen.capture.holds(seen.text) is not packets.encrypted
    seen.laid.passed.add("capture")


def test_the_capture_is_what_the_mode_says_of_itself(seen: Seen) -> None:
    one, other = seen.laid.asked.nodes
    wire = seen.laid.asked.network.wire(seen.laid.asked.cluster, one, other)
    assert wire
    for a, b in ((one, other), (other, one)):
        assert seen.capture.count(f"({wire.shows}) and src host {a.address} and dst host {b.address}") > 20
    for never in filter(None, (wire.never, wire.never_sent)):
        assert seen.capture.count(never) == 0, seen.capture.first(never)
    seen.laid.passed.add("wire")


def test_leaves_nothing_but_what_it_declares(seen: Seen) -> None:
    seen.laid.take_away()
    assert seen.laid.left() == {name: set() for name in GUESTS}
    if seen.laid.passed == {"bodies", "packets", "checks", "capture", "wire"}:
        kernel = seen.laid.site.run(GUESTS[0], "uname -r").strip()
        how = f"two virtual machines in two racks, Debian kernel {kernel}, capture on the router between them"
        saw(seen.laid.mode, 4, how)
