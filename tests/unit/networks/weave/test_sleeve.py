"""What is specific to weave-sleeve: no fast datapath, everything over UDP 6783."""

from __future__ import annotations

import json

import pytest
from pydantic import SecretStr

from tests.unit.clusters import cluster
from underlay.networks.weave.sleeve import WeaveSleeve

MADE = WeaveSleeve(accept_untested_kubernetes=True)
ENCRYPTED = WeaveSleeve(accept_untested_kubernetes=True, password=SecretStr("0123456789abcdef"))
OWN = ("weave", "vethwe-bridge", "vethwe-pcap")


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (OWN, None),
        (("weave", "vethwe-bridge"), "missing vethwe-pcap"),
        (
            ("weave", "vethwe-bridge", "datapath", "vethwe-datapath", "vxlan-6784"),
            "missing vethwe-pcap; unexpected datapath, vethwe-datapath, vxlan-6784",
        ),
    ],
)
def test_the_links_are_a_bridges_and_no_open_vswitchs(names: tuple[str, ...], problem: str | None) -> None:
    check = next(c for c in MADE.checks(cluster()) if c.name == "Weave's links")
    assert check.judge(json.dumps([{"ifname": n, "mtu": 1376} for n in names])) == problem


def test_the_bridge_has_no_mtu_of_its_own_making() -> None:
    check = next(c for c in MADE.checks(cluster()) if c.name == "Weave's links")
    shown = json.dumps([{"ifname": n, "mtu": 65535} for n in OWN])
    assert check.judge(shown) == "weave: mtu 65535, expected 1376"


def test_a_packet_grows_by_sixty_two_bytes_and_by_twenty_four_more_when_encrypted() -> None:
    assert MADE.overhead(cluster()) == 62
    assert ENCRYPTED.overhead(cluster()) == 86


def test_a_capture_shows_sleeve_and_no_fast_datapath() -> None:
    made = cluster()
    wire = MADE.wire(made, made.nodes[0], made.nodes[2])
    assert (wire.shows, wire.never) == ("udp port 6783", "udp port 6784 or net 10.244.0.0/16")


def test_a_password_encrypts_packets_without_ipsec() -> None:
    assert ENCRYPTED.traits.encryption == "NaCl"
    assert not ENCRYPTED.traces().xfrm
    assert "IPsec associations" not in {c.name for c in ENCRYPTED.checks(cluster())}
