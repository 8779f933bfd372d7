"""BGP by Cilium: peers and sessions from the inventory, and what Cilium does not support."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.clusters import cluster, dual_stack, one_rack, with_bgp
from underlay.model.cluster import Cluster
from underlay.routing.speakers import question, read_view, watched_sessions

from .samples import check, cilium

RACKS = cluster(bgp=with_bgp())
SESSIONS = "BGP sessions with the routers of the rack"
DEFAULT_ROUTE = "the default route leads to a router"


def applied(on: Cluster) -> dict[str, dict[str, Any]]:
    return {o["metadata"]["name"]: o for o in cilium("cilium-bgp").addon(on).after}


def test_each_rack_has_its_as_and_its_routers() -> None:
    made = applied(RACKS)
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


def test_pod_subnets_are_announced_by_the_label_that_sessions_select() -> None:
    made = applied(RACKS)
    families = made["underlay-router"]["spec"]["families"]
    announced = made["underlay-pods"]
    assert [f["advertisements"]["matchLabels"] for f in families] == [announced["metadata"]["labels"]]
    assert announced["spec"] == {"advertisements": [{"advertisementType": "PodCIDR"}]}


def test_sessions_have_the_inventorys_timers() -> None:
    timers = applied(cluster(bgp=with_bgp(hold_time=30, keepalive=10)))["underlay-router"]["spec"]["timers"]
    assert (timers["holdTimeSeconds"], timers["keepAliveTimeSeconds"]) == (30, 10)


def test_a_password_is_in_a_secret_that_sessions_refer_to() -> None:
    assert "authSecretRef" not in applied(RACKS)["underlay-router"]["spec"]
    on = cluster(bgp=with_bgp(password="topsecret"))  # noqa: S106
    (secret,) = cilium("cilium-bgp").addon(on).objects
    assert secret["metadata"] == {"name": "underlay-bgp", "namespace": "kube-system"}
    assert secret["stringData"] == {"password": "topsecret"}
    assert applied(on)["underlay-router"]["spec"]["authSecretRef"] == "underlay-bgp"
    assert "topsecret" not in str(cilium("cilium-bgp").addon(on).after)


def test_both_families_are_announced_to_routers_that_are_not_ours() -> None:
    theirs = with_bgp(routers=tuple(replace(r, managed=False) for r in with_bgp().routers))
    on = dual_stack(bgp=theirs)
    assert cilium("cilium-bgp").problems(on) == []
    assert [f["afi"] for f in applied(on)["underlay-router"]["spec"]["families"]] == ["ipv4", "ipv6"]


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (cluster(bgp=None),
         "needs BGP peers, and the inventory has no bgp; "
         'set bgp = {"as_number": …}, and put the routers of racks in the group routers'),
        (cluster(bgp=with_bgp(routers=with_bgp().routers[:1])),
         "announces pods to the routers of each rack, and rack-2 has none; put one in the group routers, or in bgp.peers"),
        (cluster(bgp=with_bgp(reflectors=("cp-1", "w-1"))),
         "has no route reflectors, since its nodes accept no sessions; remove bgp.reflectors"),
        (cluster(bgp=with_bgp(bfd=True)),
         "does not support BFD; remove bgp.bfd, and lower bgp.hold_time"),
        (cluster(bgp=with_bgp(ttl_security=True)),
         "does not support TTL security; remove bgp.ttl_security"),
        (dual_stack(),
         "announces IPv6 too, and the routers that Underlay manages accept IPv4 only; remove the IPv6 subnets, or configure "
         "the routers yourself and name them in bgp.peers"),
    ],
)  # fmt: skip
def test_what_cilium_does_not_support_is_refused(on: Cluster, expected: str) -> None:
    assert cilium("cilium-bgp").problems(on) == [f"network.mode: cilium-bgp {expected}"]


def peer(address: str, state: str = "established") -> dict[str, Any]:
    return {"peer-address": address, "peer-asn": 64601, "session-state": state, "local-asn": 64513}


@pytest.mark.parametrize(
    ("peers", "expected"),
    [
        ([peer("192.0.2.101")], None),
        ([peer("192.0.2.101", "active")], "192.0.2.101 active, expected established"),
        ([], "192.0.2.101 none, expected established"),
        ([peer("192.0.2.101"), peer("192.0.2.102")], "sessions with peers that are no routers of rack-1: 192.0.2.102"),
    ],
)
def test_every_session_of_the_rack_has_to_be_established(peers: list[dict[str, Any]], expected: str | None) -> None:
    assert check(cilium("cilium-bgp"), RACKS, SESSIONS).judge(json.dumps(peers)) == expected


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        ([{"dst": "default", "gateway": "192.0.2.101", "dev": "eth0", "flags": []}], None),
        ([{"dst": "default", "flags": [], "nexthops": [{"gateway": "192.0.2.101", "dev": "eth0", "weight": 1}]}], None),
        ([{"dst": "default", "gateway": "192.0.2.254", "dev": "eth0", "flags": []}],
         "default route: gateway 192.0.2.254, expected 192.0.2.101"),
        ([], "default route: gateway none, expected 192.0.2.101"),
    ],
)  # fmt: skip
def test_packets_to_other_racks_have_to_leave_by_a_router_that_knows_pod_routes(
    routes: list[dict[str, Any]], expected: str | None
) -> None:
    assert check(cilium("cilium-bgp"), RACKS, DEFAULT_ROUTE).judge(json.dumps(routes)) == expected


def test_the_default_route_is_not_checked_in_one_rack() -> None:
    assert DEFAULT_ROUTE not in {c.name for c in cilium("cilium-bgp").checks(one_rack())}


# GET /v1/bgp/peers, recorded of the packages of Cilium v1.20.2 that answer it (tests/lab/test_gobgp.py) beside gobgpd
# v4.8.0: one session that is up, and one whose router is not there.
PEERS = """\
{"kernel": {"TcpExtTCPMD5NotFound": 2, "TcpExtTCPMD5Unexpected": 0, "TcpExtTCPMD5Failure": 1}}
{"peers":[{"applied-hold-time-seconds":9,"applied-keep-alive-time-seconds":3,"configured-hold-time-seconds":9,
"configured-keep-alive-time-seconds":3,"connect-retry-time-seconds":5,"ebgp-multihop-ttl":1,
"families":[{"advertised":1,"afi":"ipv4","safi":"unicast"}],"graceful-restart":{},"local-asn":64513,
"local-capabilities":[{"capabilities":"AgA="},{"capabilities":"SQQCdm0A"},{"capabilities":"BgA="},
{"capabilities":"AQQAAQAB"},{"capabilities":"QQQAAPwB"},{"capabilities":"BQYAAQABAAI="}],"name":"tor-1",
"peer-address":"192.0.2.101","peer-asn":64601,"remote-capabilities":[{"capabilities":"SQQCdm0A"},
{"capabilities":"BgA="},{"capabilities":"AQQAAQAB"},{"capabilities":"QQQAAPxZ"},{"capabilities":"BQYAAQABAAI="},
{"capabilities":"AgA="}],"session-state":"established","tcp-password-enabled":true,
"uptime-nanoseconds":13753278629},{"configured-hold-time-seconds":9,"configured-keep-alive-time-seconds":3,
"connect-retry-time-seconds":5,"ebgp-multihop-ttl":1,"families":[{"afi":"ipv4","safi":"unicast"}],
"graceful-restart":{},"local-asn":64513,"local-capabilities":[{"capabilities":"AgA="},{"capabilities":"SQQCdm0A"},
{"capabilities":"BgA="},{"capabilities":"AQQAAQAB"},{"capabilities":"QQQAAPwB"},{"capabilities":"BQYAAQABAAI="}],
"name":"tor-9","peer-address":"192.0.2.109","peer-asn":64601,"remote-capabilities":[],"session-state":"active"}]}
"""


def test_the_agents_word_is_a_side_of_every_session() -> None:
    network = cilium("cilium-bgp")
    assert "vtysh" not in question(RACKS, network, "w-1")
    view = read_view(RACKS, network, "w-1", PEERS)
    assert view.unsigned == 3
    up, down = view.neighbours["192.0.2.101"], view.neighbours["192.0.2.109"]
    assert (up.state, up.is_up, up.up, up.sent, up.remote_as, up.local_as) == (
        "Established",
        True,
        13.753278629,
        1,
        64601,
        64513,
    )
    assert (down.state, down.is_up, down.sent) == ("Active", False, 0)
    # What routers announce is not installed, and so is not judged on this side.
    assert (up.received, up.accepted) == (None, None)
    assert read_view(RACKS, network, "w-1", "").trouble == "Cilium's agent does not answer; does its pod run?"
    assert [s.other.host for s in watched_sessions(RACKS, network)] == ["tor-1", "tor-1", "tor-2"]
