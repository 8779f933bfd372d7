"""Who may talk to a node: Kubernetes' own ports, the mode's, and what is routed through it; nobody else, nothing else."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from tests.unit.clusters import MODES, cluster, dual_stack, network, node, one_rack, with_bgp
from underlay.model.cluster import Cluster
from underlay.model.node import Role
from underlay.model.prerequisites import Port, Prerequisites
from underlay.model.traits import Reach, Status, Traits
from underlay.networks.network import Network
from underlay.plan.required_ports import listened, passes
from underlay.resources.firewall import Pass
from underlay.resources.firewalld import Firewalld
from underlay.resources.iptables import Iptables
from underlay.resources.nftables import Nftables


class Speaking(Network):
    """A mode with an overlay, a tunnel without ports, and sessions with routers."""

    mode = "speaking"

    @property
    def traits(self) -> Traits:
        return Traits(status=Status.SUPPORTED, version="", reach=Reach.ANYWHERE)

    @property
    def peers_with_routers(self) -> bool:
        return True

    def prerequisites(self, cluster: Cluster) -> Prerequisites:
        ports = (Port("udp", 8472, "overlay"), Port("ipip", 0, "tunnel"), Port("tcp", 179, "BGP"))
        return Prerequisites(ports=(*ports, Port("tcp", 9000, "for all", anyone=True)))


def passed(name: str = "w-1", **changes: Any) -> list[str]:
    """A line for each pass on a node, of the ordinary cluster with something changed."""
    made = cluster(**changes)
    return [_line(p) for p in passes(made, Speaking(), made.node(name))]


def _line(this: Pass) -> str:
    ports = ",".join(f"{first}-{last}" if first != last else str(first) for first, last in this.ports)
    words = (this.hook, ",".join(this.sources) or "anyone", "->", ",".join(this.destinations) or "here", this.protocol)
    return " ".join(w for w in (*words, ports, "reply" * this.reply) if w)


NODES, POD = "192.0.2.1,192.0.2.2,192.0.2.3", "10.244.0.0/16"
LET_IN = [
    f"input {NODES},{POD} -> here reply",
    "input anyone -> here tcp 9000,10256,30000-32767",
    "input anyone -> here udp 30000-32767",
    f"input {NODES},{POD} -> here tcp 10250",
    f"input {NODES} -> here udp 8472",
    f"input {NODES} -> here 4",
    f"input {NODES} -> here tcp 179",
]
ROUTED = [
    f"forward {POD} -> here",
    f"forward anyone -> {POD},10.96.0.0/16",
    f"output anyone -> {NODES},{POD},10.96.0.0/16",
    "output anyone -> here tcp 6443",
]


def test_a_worker_lets_in_what_it_serves() -> None:
    assert passed() == LET_IN + ROUTED


def test_a_control_plane_host_serves_the_api_to_all_and_the_rest_to_nodes() -> None:
    own = [line for line in passed("cp-1") if line not in LET_IN + ROUTED]
    assert own == [
        "input anyone -> here tcp 6443,9000,10256,30000-32767",
        "input 192.0.2.1 -> here tcp 2379-2380",
        f"input {NODES} -> here tcp 179,10257,10259",
    ]


def test_what_kubernetes_listens_on_is_let_in() -> None:
    made = cluster()
    for member in made.nodes:
        found = [r for p in passes(made, Speaking(), member) if p.hook == "input" for r in p.ports]
        assert all(any(first <= n <= last for first, last in found) for _, n in listened(made, Speaking(), member))
    own = [("tcp", n) for n in (6443, 2379, 2380, 10250, 10257, 10259)]
    assert [p for p in listened(made, Speaking(), made.first) if p in own] == own


def test_what_speaks_with_routers_may_be_there_before_kubernetes() -> None:
    assert ("tcp", 179) not in listened(cluster(), Speaking(), cluster().first)


def test_etcd_talks_to_its_members_alone() -> None:
    nodes = (*(node(f"cp-{i}", i, role=Role.CONTROL_PLANE) for i in (1, 2, 3)), node("w-1", 4))
    assert "input 192.0.2.1,192.0.2.2,192.0.2.3 -> here tcp 2379-2380" in passed("cp-2", nodes=nodes)


def test_the_routers_of_a_rack_may_open_sessions_and_nothing_else() -> None:
    lines = passed(bgp=with_bgp())
    assert [line for line in lines if "192.0.2.101" in line] == [f"input {NODES},192.0.2.101 -> here tcp 179"]
    assert [line for line in lines if "192.0.2.102" in line] == []


class Meshed(Speaking):
    """A mode that nodes of another cluster speak to too."""

    def prerequisites(self, cluster: Cluster) -> Prerequisites:
        return Prerequisites(ports=(Port("udp", 8472, "overlay", also_from=("198.51.100.0/24", "2001:db8:1::/64")),))


def test_subnets_beside_the_nodes_are_let_in_by_their_family() -> None:
    made = dual_stack()
    lines = [_line(p) for p in passes(made, Meshed(), made.nodes[1])]
    assert [line for line in lines if "8472" in line] == [
        f"input {NODES},198.51.100.0/24 -> here udp 8472",
        "input 2001:db8::1,2001:db8::2,2001:db8::3,2001:db8:1::/64 -> here udp 8472",
    ]


class Beside(Speaking):
    """A mode whose other cluster has its nodes on the same subnet."""

    def prerequisites(self, cluster: Cluster) -> Prerequisites:
        return Prerequisites(ports=(Port("udp", 8472, "overlay", also_from=("192.0.2.0/31",)),))


def test_no_address_is_let_in_twice() -> None:
    lines = [_line(p) for p in passes(cluster(), Beside(), cluster().nodes[1])]
    assert [line for line in lines if "8472" in line] == ["input 192.0.2.2,192.0.2.3,192.0.2.0/31 -> here udp 8472"]


def test_the_apis_load_balancer_is_reached_by_its_own_port() -> None:
    assert passed(control_plane_endpoint="api.example.net:8443")[-1] == "output anyone -> here tcp 8443"


def test_a_dual_stack_node_lets_in_both_families_apart() -> None:
    made = dual_stack(bgp=None)
    found = passes(made, Speaking(), made.nodes[0])
    for p in found:
        versions = {ip_address(a.split("/")[0]).version for a in (*p.sources, *p.destinations)}
        assert versions <= {p.family}
    assert [replace(p, family=4, sources=(), destinations=()) for p in found if p.family == 6] == [
        replace(p, sources=(), destinations=()) for p in found if p.family == 4
    ]


@pytest.mark.parametrize("mode", MODES)
def test_every_firewall_can_say_what_a_mode_needs(mode: str) -> None:
    made = one_rack()
    for member in made.nodes:
        found = passes(made, network(mode), member)
        # iptables: a rule names 15 ports at most, and a range is two.
        assert all(sum(1 + (a != b) for a, b in p.ports) <= 15 for p in found)
        assert all(bool(p.ports) <= (p.protocol in ("tcp", "udp", "132")) for p in found)
        for kind in (Nftables, Iptables, Firewalld):
            assert kind(found).apply()


@pytest.mark.parametrize("mode", MODES)
def test_nobody_but_nodes_reaches_the_ports_of_a_mode(mode: str) -> None:
    made = one_rack()
    members = {str(n.address) for n in made.nodes}
    routers = {str(r.address) for r in with_bgp().routers}
    ports = {(p.protocol, p.number) for p in network(mode).prerequisites(made).ports if not p.anyone and p.number}
    for p in passes(made, network(mode), made.nodes[1]):
        if ports & {(p.protocol, first) for first, _ in p.ports}:
            assert members <= set(p.sources) <= members | routers
