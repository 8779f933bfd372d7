"""BGP by Cilium: who calls whom, out of the inventory's facts, and what Cilium cannot do of them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.clusters import cluster, dual_stack, one_rack, with_bgp
from underlay.model.cluster import Cluster

from .samples import check, cilium

RACKS = cluster(bgp=with_bgp())
SESSIONS = "BGP sessions with the routers of the rack"
WAY_OUT = "the default route leads to a router"


def laid_down(on: Cluster) -> dict[str, dict[str, Any]]:
    return {o["metadata"]["name"]: o for o in cilium("cilium-bgp").addon(on).after}


def test_each_rack_has_its_as_and_its_routers() -> None:
    made = laid_down(RACKS)
    assert made["underlay-rack-2"]["spec"] == {
        "nodeSelector": {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["w-2"]}]},
        "bgpInstances": [
            {
                "name": "underlay",
                "localASN": 64514,
                "peers": [
                    {
                        "name": "tor-2",
                        "peerASN": 64602,
                        "peerAddress": "192.0.2.102",
                        "peerConfigRef": {"name": "underlay-router"},
                    }
                ],
            }
        ],
    }
    instance = made["underlay-rack-1"]["spec"]["bgpInstances"][0]
    assert (instance["localASN"], [p["peerAddress"] for p in instance["peers"]]) == (64513, ["192.0.2.101"])


def test_pods_subnets_are_announced_by_the_label_that_sessions_ask_for() -> None:
    made = laid_down(RACKS)
    families = made["underlay-router"]["spec"]["families"]
    announced = made["underlay-pods"]
    assert [f["advertisements"]["matchLabels"] for f in families] == [announced["metadata"]["labels"]]
    assert announced["spec"] == {"advertisements": [{"advertisementType": "PodCIDR"}]}


def test_sessions_have_the_inventorys_timers() -> None:
    timers = laid_down(cluster(bgp=with_bgp(hold_time=30, keepalive=10)))["underlay-router"]["spec"]["timers"]
    assert (timers["holdTimeSeconds"], timers["keepAliveTimeSeconds"]) == (30, 10)


def test_a_password_is_in_a_secret_that_sessions_refer_to() -> None:
    assert "authSecretRef" not in laid_down(RACKS)["underlay-router"]["spec"]
    on = cluster(bgp=with_bgp(password="topsecret"))  # noqa: S106
    (secret,) = cilium("cilium-bgp").addon(on).objects
    assert secret["metadata"] == {"name": "underlay-bgp", "namespace": "kube-system"}
    assert secret["stringData"] == {"password": "topsecret"}
    assert laid_down(on)["underlay-router"]["spec"]["authSecretRef"] == "underlay-bgp"
    assert "topsecret" not in str(cilium("cilium-bgp").addon(on).after)


def test_both_families_are_announced_to_routers_that_are_not_ours() -> None:
    theirs = with_bgp(routers=tuple(replace(r, managed=False) for r in with_bgp().routers))
    on = dual_stack(bgp=theirs)
    assert cilium("cilium-bgp").problems(on) == []
    assert [f["afi"] for f in laid_down(on)["underlay-router"]["spec"]["families"]] == ["ipv4", "ipv6"]


@pytest.mark.parametrize(
    ("on", "told"),
    [
        (cluster(bgp=None),
         "needs to know who peers with whom, and the inventory has no bgp; "
         'set bgp = {"as_number": …}, and the routers of racks in the group routers'),
        (cluster(bgp=with_bgp(routers=with_bgp().routers[:1])),
         "has nobody to announce pods to in rack-2; put a router in the group routers, or in bgp.peers"),
        (cluster(bgp=with_bgp(reflectors=("cp-1", "w-1"))),
         "has nodes that take no calls, so that none can reflect; leave bgp.reflectors out"),
        (cluster(bgp=with_bgp(bfd=True)),
         "has no BFD, which Cilium does not speak; leave bgp.bfd out, and lower bgp.hold_time"),
        (cluster(bgp=with_bgp(ttl_security=True)),
         "has no TTL security, which Cilium does not know; leave bgp.ttl_security out"),
        (dual_stack(),
         "announces IPv6 too, and the routers of this project hear IPv4 alone; leave the IPv6 subnets out, or configure "
         "the routers yourself and name them in bgp.peers"),
    ],
)  # fmt: skip
def test_what_cannot_be_announced_is_told(on: Cluster, told: str) -> None:
    assert cilium("cilium-bgp").problems(on) == [f"network.mode: cilium-bgp {told}"]


def peer(address: str, state: str = "established") -> dict[str, Any]:
    return {"peer-address": address, "peer-asn": 64601, "session-state": state, "local-asn": 64513}


@pytest.mark.parametrize(
    ("peers", "told"),
    [
        ([peer("192.0.2.101")], None),
        ([peer("192.0.2.101", "active")], "192.0.2.101 is active"),
        ([], "192.0.2.101 is no peer"),
        ([peer("192.0.2.101"), peer("192.0.2.102")], "192.0.2.102 is no router of rack-1"),
    ],
)
def test_every_session_of_the_rack_has_to_stand(peers: list[dict[str, Any]], told: str | None) -> None:
    assert check(cilium("cilium-bgp"), RACKS, SESSIONS).judge(json.dumps(peers)) == told


@pytest.mark.parametrize(
    ("routes", "told"),
    [
        ([{"dst": "default", "gateway": "192.0.2.101", "dev": "eth0", "flags": []}], None),
        ([{"dst": "default", "flags": [], "nexthops": [{"gateway": "192.0.2.101", "dev": "eth0", "weight": 1}]}], None),
        ([{"dst": "default", "gateway": "192.0.2.254", "dev": "eth0", "flags": []}],
         "the default route leads to 192.0.2.254, not to 192.0.2.101"),
        ([], "the default route leads to nobody, not to 192.0.2.101"),
    ],
)  # fmt: skip
def test_packets_to_other_racks_have_to_leave_by_a_router_that_hears_of_pods(
    routes: list[dict[str, Any]], told: str | None
) -> None:
    assert check(cilium("cilium-bgp"), RACKS, WAY_OUT).judge(json.dumps(routes)) == told


def test_one_rack_needs_no_way_out() -> None:
    assert WAY_OUT not in {c.name for c in cilium("cilium-bgp").checks(one_rack())}
