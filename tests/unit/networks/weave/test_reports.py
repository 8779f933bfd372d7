"""Checks on a node with Weave: its agent's report, its route, the MTU of pods."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.clusters import cluster
from underlay.networks.weave.encrypted import WeaveEncrypted
from underlay.networks.weave.sleeve import WeaveSleeve
from underlay.networks.weave.weave import Weave

from .samples import KEYED, SELF, check, connection, of, report


@pytest.mark.parametrize(
    ("made", "path", "first"),
    [
        (of("weave-fast-datapath"), "fastdp", ""),
        (of("weave-sleeve"), "sleeve", ""),
        (WeaveEncrypted(**KEYED), "fastdp", "encrypted"),
        (WeaveSleeve(**KEYED), "sleeve", "encrypted"),
    ],
)
def test_every_connection_has_to_use_the_modes_data_path(made: Weave, path: str, first: str) -> None:
    name = f"every connection is {path}"
    judge = check(made, name).judge
    good = (connection("w-1", path, first=first), connection("w-2", path, first=first))
    assert judge(report(SELF, *good)) is None
    expected = f"{first} {path}".strip()
    assert judge(report(SELF)) == f"w-1 none, expected {expected}; w-2 none, expected {expected}"
    assert judge(report()) == f"w-1 none, expected {expected}; w-2 none, expected {expected}"
    other = "sleeve" if path == "fastdp" else "fastdp"
    # The data path that Weave silently falls back to when its packets are dropped.
    fallen = connection("w-2", other, first=first)
    assert judge(report(good[0], fallen)) == f"w-2 {f'{first} {other}'.strip()}, expected {expected}"
    pending = ("pending", *connection("w-2", path, first=first)[1:])
    assert judge(report(good[0], pending)) == f"w-2 none, expected {expected}"


def test_a_connection_in_the_clear_is_reported_with_a_password() -> None:
    judge = check(WeaveEncrypted(**KEYED), "every connection is fastdp").judge
    clear = connection("w-2", first="unencrypted")
    assert judge(report(connection("w-1", first="encrypted"), clear)) == "w-2 fastdp, expected encrypted fastdp"


def test_a_report_without_attributes_is_read_by_its_words() -> None:
    judge = check(of("weave-fast-datapath"), "every connection is fastdp").judge
    assert judge(report(*((*connection(n)[:2], "") for n in ("w-1", "w-2")))) is None


@pytest.mark.parametrize(
    ("made", "shown", "problem"),
    [
        (of("weave-fast-datapath"), report(), None),
        (WeaveEncrypted(**KEYED), report(encryption=True), None),
        (
            WeaveEncrypted(**KEYED),
            report(),
            "encryption off, expected on",
        ),
        (
            of("weave-sleeve"),
            report(subnet="10.32.0.0/12"),
            "range 10.32.0.0/12, expected 10.244.0.0/16",
        ),
    ],
)
def test_the_agent_has_the_settings(made: Weave, shown: str, problem: str | None) -> None:
    assert check(made, "the agent's settings").judge(shown) == problem


def test_the_whole_pod_subnet_is_behind_the_bridge() -> None:
    def judged(*routes: dict[str, Any]) -> str | None:
        found = [{"dst": "default", "gateway": "192.0.2.254", "dev": "eth0", "flags": []}, *routes]
        return check(of("weave-sleeve"), "the route to all pods").judge(json.dumps(found))

    bridge = {"dst": "10.244.0.0/16", "dev": "weave", "protocol": "kernel", "scope": "link", "prefsrc": "10.244.0.1"}
    assert judged(bridge) is None
    assert judged() == "route to 10.244.0.0/16: link none, expected weave"
    assert judged(bridge | {"dev": "flannel0"}) == "route to 10.244.0.0/16: link flannel0, expected weave"


@pytest.mark.parametrize(
    ("made", "mtus"),
    [
        (of("weave-fast-datapath"), {1280: 1196, 1460: 1376, 1500: 1416, 9000: 8916, 9001: 8916}),
        (of("weave-encrypted"), {1280: 1196, 1460: 1376, 1500: 1416, 9000: 8916, 9001: 8916}),
        (of("weave-sleeve"), {1280: 1218, 1460: 1376, 1500: 1376, 9000: 1376, 9001: 1376}),
        (WeaveSleeve(**KEYED), {1280: 1194, 1460: 1374, 1500: 1376, 9000: 1376, 9001: 1376}),
    ],
)
def test_the_pod_mtu_is_the_path_mtu_less_the_reserve(made: Weave, mtus: dict[int, int]) -> None:
    assert {path: made.pod_mtu(cluster(path_mtu=path)) for path in mtus} == mtus


def test_esp_never_makes_a_packet_larger_than_the_path() -> None:
    """Of ESP in transport mode: 8 of header, 8 of IV, padding to four, 2 of trailer, 16 of ICV (RFC 4106)."""
    for path in range(1280, 1290):
        largest = WeaveEncrypted(**KEYED).pod_mtu(cluster(path_mtu=path))
        for size in range(largest - 4, largest + 1):
            inner = 8 + 8 + 14 + size
            assert 20 + 8 + 8 + inner + -(inner + 2) % 4 + 2 + 16 <= path
