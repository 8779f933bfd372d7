"""What is specific to calico-bgp: peers, AS numbers, announcements, and BIRD's view of the sessions."""

from __future__ import annotations

import json
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from tests.unit.clusters import cluster, dual_stack, network, node, one_rack, with_bgp
from underlay.model.addon import Object
from underlay.model.bgp import Router
from underlay.model.cluster import Cluster

from .samples import bird, check, plain, routes

MODE = "calico-bgp"
RACKS = cluster(bgp=with_bgp())


def of_kind(kind: str, on: Cluster, **settings: Any) -> dict[str, Object]:
    addon = network(MODE, **settings).addon(on)
    return {o["metadata"]["name"]: o for o in (*addon.objects, *addon.after) if o["kind"] == kind}


def peers(on: Cluster) -> dict[str, dict[str, Any]]:
    return {name: o["spec"] for name, o in of_kind("BGPPeer", on).items()}


def problems(on: Cluster) -> list[str]:
    return network(MODE).problems(on)


def test_each_nodes_as_number_is_on_its_node_before_calico_starts() -> None:
    marked = {n: o["metadata"] for n, o in of_kind("Node", RACKS).items()}
    assert marked["w-2"] == {
        "name": "w-2",
        "labels": {"underlay/rack": "rack-2"},
        "annotations": {"projectcalico.org/ASNumber": "64514"},
    }
    assert marked["cp-1"]["annotations"] == {"projectcalico.org/ASNumber": "64513"}


def test_there_is_no_mesh_and_nodes_peer_within_their_rack_and_with_its_router() -> None:
    assert of_kind("BGPConfiguration", RACKS)["default"]["spec"] == {"nodeToNodeMeshEnabled": False}
    assert peers(RACKS) == {
        "rack-1-nodes": {
            "nodeSelector": "underlay/rack == 'rack-1'",
            "peerSelector": "underlay/rack == 'rack-1'",
            "keepaliveTime": "3s",
        },
        "rack-1-tor-1": {
            "nodeSelector": "underlay/rack == 'rack-1'",
            "peerIP": "192.0.2.101",
            "asNumber": 64601,
            "filters": ["routers"],
            "keepaliveTime": "3s",
        },
        "rack-2-tor-2": {
            "nodeSelector": "underlay/rack == 'rack-2'",
            "peerIP": "192.0.2.102",
            "asNumber": 64602,
            "filters": ["routers"],
            "keepaliveTime": "3s",
        },
    }


def test_a_node_announces_what_is_its_own_to_routers_and_accepts_pod_routes_only() -> None:
    # A rule that accepts the pod subnet announces every pod's /32 beside its block (seen with 3.32.1).
    assert of_kind("BGPFilter", RACKS)["routers"]["spec"] == {
        "exportV4": [{"action": "Reject", "source": "RemotePeers"}],
        "importV4": [
            {"action": "Accept", "matchOperator": "In", "cidr": "10.244.0.0/16"},
            {"action": "Reject"},
        ],
    }


def test_services_are_announced_if_configured() -> None:
    speaker = network("calico-bgp", advertise_services=True).speaker(RACKS)
    assert speaker is not None
    assert speaker.shared == {"10.96.0.0/16"}
    assert of_kind("BGPConfiguration", RACKS, advertise_services=True)["default"]["spec"]["serviceClusterIPs"] == [
        {"cidr": "10.96.0.0/16"}
    ]


def test_racks_of_one_as_accept_routes_with_their_own_as_in_the_path() -> None:
    same = cluster(bgp=with_bgp(as_numbers={"rack-1": 64512, "rack-2": 64512}))
    assert [p.get("numAllowedLocalASNumbers") for p in peers(same).values()] == [None, 1, 1]
    assert of_kind("BGPConfiguration", same)["default"]["spec"]["asNumber"] == 64512
    assert all("numAllowedLocalASNumbers" not in p for p in peers(RACKS).values())


def test_the_password_is_a_secret_that_calico_node_may_read_and_every_session_uses() -> None:
    secret = "hush hush"  # noqa: S105
    on = cluster(bgp=with_bgp(password=secret, ttl_security=True))
    assert of_kind("Secret", on)["calico-bgp"]["stringData"] == {"password": secret}
    assert of_kind("Role", on)["calico-bgp"]["rules"][0]["resourceNames"] == ["calico-bgp"]
    assert of_kind("RoleBinding", on)["calico-bgp"]["subjects"] == [
        {"kind": "ServiceAccount", "name": "calico-node", "namespace": "calico-system"}
    ]
    reference = {"secretKeyRef": {"name": "calico-bgp", "key": "password"}}
    assert all(p["password"] == reference for p in peers(on).values())
    assert [p.get("ttlSecurity") for p in peers(on).values()] == [None, 1, 1]
    everything = network(MODE).addon(on)
    others = [o for o in (*everything.objects, *everything.after) if o["kind"] != "Secret"]
    assert secret not in json.dumps(others)


def test_reflectors_reflect_for_their_rack() -> None:
    nodes = tuple(node(f"w-{n}", n) for n in range(1, 61))
    on = one_rack(nodes=(*one_rack().nodes[:1], *nodes[1:]), bgp=with_bgp(reflectors=("w-10", "w-20")))
    assert problems(on) == []
    assert peers(on)["rack-1-nodes"]["peerSelector"] == "underlay/rack == 'rack-1' && has(underlay/reflector)"
    marked = {n: o["metadata"] for n, o in of_kind("Node", on).items()}
    assert marked["w-10"]["annotations"]["projectcalico.org/RouteReflectorClusterID"] == "224.0.0.1"
    assert marked["w-10"]["labels"]["underlay/reflector"] == "true"
    assert "underlay/reflector" not in marked["w-11"]["labels"]
    made = network(MODE)
    assert set(made.neighbours(on, on.node("w-11"), 4)) == {"192.0.2.10", "192.0.2.20", "192.0.2.101"}  # type: ignore[attr-defined]
    assert len(made.neighbours(on, on.node("w-10"), 4)) == 60  # type: ignore[attr-defined]


SESSIONS = (("192.0.2.2", 64513, "Established", ""), ("192.0.2.101", 64601, "Established", ""))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (SESSIONS, None),
        (SESSIONS[:1], "sessions: missing 192.0.2.101"),
        ((SESSIONS[0], ("192.0.2.101", 64601, "Idle", "BGP Error: Bad peer AS")),
         "192.0.2.101: Idle (BGP Error: Bad peer AS), expected Established"),
        ((SESSIONS[0], ("192.0.2.101", 64602, "Active", "Socket: Connection refused")),
         "192.0.2.101: AS 64602, expected 64601; 192.0.2.101: Active (Socket: Connection refused), expected Established"),
        ((*SESSIONS, ("192.0.2.3", 64514, "Established", "")), "sessions: unexpected 192.0.2.3"),
        ((), "sessions: missing 192.0.2.101, 192.0.2.2"),
    ],
)  # fmt: skip
def test_birds_sessions_are_the_declared_ones(
    found: tuple[tuple[str, int, str, str], ...], expected: str | None
) -> None:
    assert check("BGP sessions", MODE, on=RACKS).judge(bird(*found)) == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ((plain(2, "192.0.2.2"), plain(3, "192.0.2.101")), None),
        ((plain(3, "192.0.2.3"),), "unexpected pod routes: 10.244.3.0/26 via 192.0.2.3"),
        ((plain(3, "192.0.2.102"),), "unexpected pod routes: 10.244.3.0/26 via 192.0.2.102"),
    ],
)
def test_pods_of_other_racks_are_behind_the_racks_router(
    found: tuple[dict[str, Any], ...], expected: str | None
) -> None:
    assert routes(MODE, *found, on=RACKS) == expected


def test_every_node_has_the_as_number_of_its_rack() -> None:
    judge = check("the AS number of every node", MODE, on=RACKS).judge

    def nodes(**numbers: str) -> str:
        items = [
            {"metadata": {"name": name.replace("_", "-"), "annotations": {"projectcalico.org/ASNumber": number}}}
            for name, number in numbers.items()
        ]
        return json.dumps({"items": items})

    assert judge(nodes(cp_1="64513", w_1="64513", w_2="64514")) is None
    assert judge(nodes(cp_1="64513", w_1="64514")) == (
        "AS of w-1 64514, expected 64513; AS of w-2 none, expected 64514"
    )


def router(name: str, address: str, number: int, rack: str) -> Router:
    return Router(name, ip_address(address), number, rack)


TOR_1, TOR_2 = with_bgp().routers


@pytest.mark.parametrize(
    ("bgp", "expected"),
    [
        ({"routers": (TOR_1,)},
         "network.mode: calico-bgp announces IPv4 over IPv4 to the routers of racks, and rack-2 has none with an IPv4 "
         "address (the nodes are in rack-1, rack-2); put one in the group routers, or in bgp.peers"),
        ({"routers": (TOR_1, router("tor-2", "192.0.2.102", 64514, "rack-2"))},
         "bgp: router tor-2 is in the AS of the nodes of rack-2, and announces no routes of one to another unless it is a "
         "route reflector (it is AS 64514); give it another AS"),
        ({"routers": (TOR_1, router("tor-2", "192.0.2.102", 64513, "rack-2"))},
         "bgp: router tor-2 is in the AS of nodes of another rack, which reject all routes through it (it is AS 64513); "
         "give it another AS"),
        ({"bfd": True},
         "bgp.bfd: not supported by BIRD in open-source Calico; remove it, and lower hold_time (to 3 or more)"),
        ({"reflectors": ("cp-1", "w-2")},
         "bgp.reflectors: rack-1 has a single route reflector, whose failure would end all its routes (it is cp-1); name "
         "two of its nodes, or none"),
    ],
)  # fmt: skip
def test_designs_that_do_not_work_are_refused(bgp: dict[str, Any], expected: str) -> None:
    assert expected in problems(cluster(bgp=with_bgp(**bgp)))


def test_it_is_refused_without_bgp_in_the_inventory() -> None:
    assert problems(cluster()) == [
        "network.mode: calico-bgp needs BGP peers, and the inventory has no bgp (the nodes are in rack-1, rack-2); "
        "set bgp.as_numbers, and put routers in the group routers"
    ]


def test_too_many_sessions_in_a_rack_are_refused() -> None:
    nodes = (*one_rack().nodes[:1], *(node(f"w-{n}", n) for n in range(2, 61)))
    assert problems(one_rack(nodes=nodes)) == [
        "bgp.reflectors: rack-1 has too many nodes for a full mesh of sessions (it is 60, at most 50); name two of "
        "its nodes"
    ]


def test_racks_whose_names_do_not_work_in_kubernetes_are_refused() -> None:
    nodes = tuple(replace(n, rack={"rack-1": "Rack_1", "rack-2": "rack-1"}[n.rack]) for n in cluster().nodes)
    bgp = with_bgp(as_numbers={"Rack_1": 64513, "rack-1": 64514},
                   routers=(replace(TOR_1, rack="Rack_1"), replace(TOR_2, rack="rack-1")))  # fmt: skip
    assert problems(cluster(nodes=nodes, bgp=bgp)) == [
        "hosts.rack: 2 racks get the same name in Kubernetes (it is rack-1); rename some"
    ]
    trailing = tuple(replace(n, rack="rack-") for n in one_rack().nodes)
    assert problems(one_rack(nodes=trailing, bgp=with_bgp(as_numbers={"rack-": 64513}, routers=()))) == [
        "hosts.rack: not a valid label, which ends with a letter or digit (it is 'rack-'); rename it"
    ]


def test_one_rack_without_routers_is_a_mesh_of_its_own() -> None:
    alone = one_rack(bgp=with_bgp(routers=()))
    assert problems(alone) == []
    assert list(peers(alone)) == ["rack-1-nodes"]
    assert of_kind("BGPFilter", alone) == {}


def test_dual_stack_racks_need_routers_of_both_families() -> None:
    nodes = tuple(replace(n, rack=r.rack) for n, r in zip(dual_stack().nodes, cluster().nodes, strict=True))
    both = (*with_bgp().routers, router("tor-1-v6", "2001:db8::101", 64601, "rack-1"),
            router("tor-2-v6", "2001:db8::102", 64602, "rack-2"))  # fmt: skip
    assert problems(dual_stack(nodes=nodes, bgp=with_bgp(routers=both))) == []
    assert problems(dual_stack(nodes=nodes)) == [
        "network.mode: calico-bgp announces IPv6 over IPv6 to the routers of racks, and rack-1, rack-2 has none with an "
        "IPv6 address (the nodes are in rack-1, rack-2); put one in the group routers, or in bgp.peers"
    ]
    spec = of_kind("BGPFilter", dual_stack(nodes=nodes, bgp=with_bgp(routers=both)))["routers"]["spec"]
    assert spec["importV6"][0] == {"action": "Accept", "matchOperator": "In", "cidr": "fd00:10:244::/56"}
