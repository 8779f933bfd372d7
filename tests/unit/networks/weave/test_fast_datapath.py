"""What is specific to weave-fast-datapath: the links of Open vSwitch, and UDP 6784 on the wire."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.clusters import cluster
from underlay.networks.weave.fast_datapath import WeaveFastDatapath

MADE = WeaveFastDatapath(accept_untested_kubernetes=True)
OWN = ("weave", "datapath", "vxlan-6784", "vethwe-bridge", "vethwe-datapath")


def judged(*names: str, mtu: int = 1416) -> str | None:
    links: list[dict[str, Any]] = [{"ifname": n, "mtu": mtu} for n in names]
    links += [{"ifname": n, "mtu": 1500} for n in ("lo", "eth0", "vethwepl3f1c2d0")]
    check = next(c for c in MADE.checks(cluster()) if c.name == "Weave's links")
    return check.judge(json.dumps(links))


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (OWN, None),
        (OWN[:2] + OWN[3:], "missing vxlan-6784"),
        (
            ("weave", "vethwe-bridge", "vethwe-pcap"),
            "missing datapath, vethwe-datapath, vxlan-6784; unexpected vethwe-pcap",
        ),
        ((), "missing datapath, vethwe-bridge, vethwe-datapath, vxlan-6784, weave"),
    ],
)
def test_the_links_are_open_vswitchs(names: tuple[str, ...], problem: str | None) -> None:
    assert judged(*names) == problem


def test_the_bridge_has_the_pods_mtu() -> None:
    assert judged(*OWN, mtu=1376) == "weave: mtu 1376, expected 1416"


def test_a_packet_grows_by_fifty_bytes_of_eighty_four_reserved() -> None:
    assert sum(h.size for h in MADE.headers(cluster())) == 50
    assert MADE.overhead(cluster()) == 84


def test_a_capture_shows_the_overlay_and_no_pod_address() -> None:
    made = cluster()
    wire = MADE.wire(made, made.nodes[0], made.nodes[2])
    assert (wire.shows, wire.never, wire.never_sent) == ("udp port 6784", "net 10.244.0.0/16", "")


def test_ipsec_is_neither_checked_nor_left() -> None:
    assert "IPsec associations" not in {c.name for c in MADE.checks(cluster())}
    assert not MADE.traces().xfrm
