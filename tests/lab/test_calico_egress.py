"""Egress through one node, on a real kernel: lab hosts in two racks, with the overlay as Felix configures it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from ipaddress import IPv4Network

import pytest

from tests.unit.clusters import cluster
from underlay.lab import lifecycle
from underlay.lab.model.topology import Lab
from underlay.model.cluster import Cluster
from underlay.model.node import Node, Role
from underlay.networks.calico import egress_gateway_node

from .waiting import COMMAND_S, until

pytestmark = [pytest.mark.lab, pytest.mark.skipif(os.geteuid() != 0, reason="making hosts needs root")]

LAB = Lab("calegress", network="10.133.0.0/16")
SSH = [sys.executable, "-c", "from underlay.cli.lab import lab_group; lab_group()", "ssh", "--name", LAB.name]
# cp-1 is somebody outside; the cluster is the other two.
OUTSIDE, GATEWAY, CLIENT = "cp-1", "w-1", "w-2"
ADDRESSES = {n.name: str(n.address) for n in LAB.nodes}
POOL, POD, ADDRESS = "10.244.192.0/24", "10.244.192.2", "10.133.1.50"
# Overlay address and MAC of each node, as calico-node would have chosen them, and the pods behind it.
OVERLAY = {
    CLIENT: ("10.244.1.0", "66:00:00:00:00:01", "10.244.192.0/29"),
    GATEWAY: ("10.244.2.0", "66:00:00:00:00:02", "10.244.2.0/26"),
}
ASK = f"socat -T 3 - TCP:{ADDRESSES[OUTSIDE]}:8080,connect-timeout=3 </dev/null"


def made() -> Cluster:
    nodes = tuple(
        Node(n.name, n.address, Role.CONTROL_PLANE if n.name == GATEWAY else Role.WORKER, n.rack_name)
        for n in LAB.nodes
        if n.name != OUTSIDE
    )
    return cluster(nodes=nodes, pod_subnet=IPv4Network("10.244.0.0/16"))


def run(host: str, script: str, *, check: bool = True) -> str:
    """Both outputs of a script on a host."""
    done = subprocess.run(
        [*SSH, host, "sh"], input=script, capture_output=True, text=True, timeout=COMMAND_S, check=False
    )
    assert done.returncode == 0 or not check, done.stdout + done.stderr
    return done.stdout + done.stderr


def overlay(host: str) -> str:
    """vxlan.calico as Felix has it: no learning, every other node's addresses written down; reverse path strict."""
    other = GATEWAY if host == CLIENT else CLIENT
    (own, mac, _), (there, their_mac, block) = OVERLAY[host], OVERLAY[other]
    return f"""set -e
ip link add vxlan.calico address {mac} mtu 1450 type vxlan id 4096 local {ADDRESSES[host]} dstport 4789 nolearning
ip addr add {own}/32 dev vxlan.calico
ip link set vxlan.calico up
bridge fdb add {their_mac} dev vxlan.calico dst {ADDRESSES[other]}
ip neigh add {there} lladdr {their_mac} dev vxlan.calico
ip route add {block} via {there} dev vxlan.calico onlink
sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=1
"""


POD_ON_CLIENT = f"""set -e
ip netns add pod
ip link add cali1 type veth peer name eth0 netns pod
ip link set cali1 up
sysctl -qw net.ipv4.conf.cali1.proxy_arp=1 net.ipv4.neigh.cali1.proxy_delay=0
ip route add {POD} dev cali1
ip -n pod addr add {POD}/32 dev eth0
ip -n pod link set eth0 up
ip -n pod route add 169.254.1.1 dev eth0
ip -n pod route add default via 169.254.1.1
"""


@pytest.fixture(scope="module", autouse=True)
def hosts() -> Iterator[None]:
    """The overlay between two nodes, a pod on one, the egress path on both, and a server that returns its client."""
    lifecycle.down(LAB.name)
    try:
        lifecycle.up(LAB)
        for host in OVERLAY:
            run(host, overlay(host))
        run(CLIENT, POD_ON_CLIENT)
        run(OUTSIDE, "systemd-run -q socat TCP-LISTEN:8080,fork,reuseaddr SYSTEM:'echo $SOCAT_PEERADDR'")
        shape = made()
        for host in OVERLAY:
            for resource in egress_gateway_node.resources(
                shape, shape.node(host), gateway=shape.node(GATEWAY), address=ADDRESS, pools=[POOL]
            ):
                run(host, f"set -eu\n{resource.apply()}")
        until(lambda: ask() == ADDRESS, within=30)
        yield
    finally:
        lifecycle.down(LAB.name)


def ask() -> str:
    """What somebody outside sees a pod come from."""
    return run(CLIENT, f"ip netns exec pod {ASK}", check=False).strip()


def judged(host: str) -> str | None:
    check = next(c for c in egress_gateway_node.checks(made(), gateway=GATEWAY, pools=[POOL]) if c.node == host)
    return check.judge(run(host, check.command))


def test_a_pod_leaves_under_the_gateways_address() -> None:
    assert ask() == ADDRESS
    assert judged(CLIENT) is None
    assert judged(GATEWAY) is None


def test_other_traffic_of_the_host_goes_its_own_way() -> None:
    assert run(CLIENT, ASK).strip() == ADDRESSES[CLIENT]


def test_inside_the_cluster_nothing_changes() -> None:
    assert "via 10.244.2.0 dev vxlan.calico" in run(CLIENT, f"ip route get 10.244.2.9 from {POD} iif cali1")
    assert "dev eth0" in run(CLIENT, f"ip route get {ADDRESSES[GATEWAY]} from {POD} iif cali1")


def test_without_the_gateway_nothing_leaves_another_way() -> None:
    entry = f"{OVERLAY[GATEWAY][1]} dev vxlan.calico dst {ADDRESSES[GATEWAY]}"
    run(CLIENT, f"bridge fdb del {entry}")
    try:
        until(lambda: "no route to the gateway" in str(judged(CLIENT)), within=60)
        assert "unreachable" in ask() or "No route to host" in ask()
    finally:
        run(CLIENT, f"bridge fdb add {entry}")
    until(lambda: ask() == ADDRESS, within=60)


def test_it_takes_itself_away() -> None:
    for host in OVERLAY:
        run(host, f"systemctl stop {egress_gateway_node.UNIT}")
    left = run(CLIENT, f"ip rule; ip route show table {egress_gateway_node.TABLE}", check=False)
    assert str(egress_gateway_node.TABLE) not in left
    assert POOL not in left
    left = run(GATEWAY, "nft list tables; ip addr show dev eth0")
    assert "underlay-egress" not in left
    assert ADDRESS not in left
