"""Each fault of a network is found by its own code, before anything is installed, and a healthy one by none.

`UNDERLAY_FAULTS=FILE` writes the table of docs/preflight.md.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from underlay.lab import faults
from underlay.lab.host import cgroups
from underlay.lab.model.topology import Lab
from underlay.lab.system.machine import this_machine

from .deployed import Deployed
from .waiting import listening, shell_until

pytestmark = [pytest.mark.lab]

LAB = {"name": "wire", "network": "10.97.0.0/16", "workers": 3, "racks": 2}
TOPOLOGY = Lab(**LAB)  # type: ignore[arg-type]
AT = {n.name: str(n.address) for n in TOPOLOGY.nodes}

CLUSTER = {"accepted": {"disk-slow": "the hosts of a lab share one disk"}}
VXLAN = "udp dport 8472"


@dataclass(frozen=True)
class Case:
    """`network` faults are the lab's; `on` are (host, shell to break, shell to mend). `where` names hosts."""

    name: str
    code: str
    where: str
    network: tuple[faults.Fault, ...] = ()
    on: tuple[tuple[str, str, str], ...] = ()
    cluster: dict[str, Any] = field(default_factory=dict)
    one_rack: bool = False
    also: frozenset[str] = frozenset()


def _drop(match: str, **where: str) -> faults.Fault:
    return faults.drop(match, at=faults.ROUTER, **where)


# This kernel may lack what the mode needs; the network carries its packets all the same.
LACKS = {"accepted": CLUSTER["accepted"] | {"kernel-lacks": "only the network is probed"}}
TUNNELS = {"network": {"mode": "routed", "tunnels": True}, "routes": "static"} | LACKS
HOST_GW = {"network": {"mode": "flannel-host-gw"}}
# Answers the question who has an address for somebody else, and nothing more.
CLAIM = """\
cat >/run/claim.py <<'END'
import socket, struct
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806)); s.bind(("eth0", 0x0806))
own, ip = s.getsockname()[4], socket.inet_aton("%s")
while True:
    d = s.recv(128)
    if d[20:22] == b"\\0\\1" and d[28:32] == b"\\0\\0\\0\\0" and d[38:42] == ip:
        s.send(d[6:12] + own + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, 2) + own + ip + d[22:28] + b"\\0" * 4)
END
systemd-run -q --unit claim python3 /run/claim.py"""
CLAIMING = shell_until("grep -q 0806 /proc/net/packet")

CASES = [
    Case("UDP 8472 is dropped in one direction between racks", "lane-silent", "cp-1 to w-2",
         (_drop(VXLAN, source=AT["cp-1"], target=AT["w-2"]),)),
    Case("UDP 8472 is dropped at the switch, to one host", "lane-silent", "to w-1 from all others",
         (_drop(VXLAN, target=AT["w-1"]),)),
    Case("TCP 10250 is dropped, from one host", "lane-silent", "from w-3 to all others",
         (_drop("tcp dport 10250", source=AT["w-3"]),)),
    Case("IP protocol 4 is dropped between racks", "lane-silent", "between w-2 and all others",
         (_drop("ip ttl 63 meta l4proto 4"),), cluster=TUNNELS),
    Case("ESP is dropped, to one host", "lane-silent", "to w-2 from all others",
         (_drop("meta l4proto 50", target=AT["w-2"]),),
         cluster={"network": {"mode": "flannel-ipsec", "psk": "0" * 96}} | LACKS),
    Case("a router rejects UDP 8472", "lane-unreachable", "to w-2 from all others",
         (faults.reject(VXLAN, at=faults.ROUTER, target=AT["w-2"]),)),
    Case("NodePorts are dropped", "service-lane-shut", "to w-1 from all others",
         (_drop("tcp dport 30000-32767", target=AT["w-1"]),)),
    Case("a path of 1400 bytes, and path_mtu says 1500", "path-too-small", "between w-2 and all others",
         (faults.narrow(1, 1400), faults.narrow(2, 1400)), cluster={"path_mtu": 1500}),
    Case("a path of 1400 bytes, without an ICMP error", "path-black-hole", "between w-2 and all others",
         (faults.narrow(1, 1400, silent=True), faults.narrow(2, 1400, silent=True))),
    Case("a path of 1400 bytes, measured", "path-smaller", "between w-2 and all others",
         (faults.narrow(1, 1400), faults.narrow(2, 1400))),
    Case("a path with a smaller MTU in one direction", "path-asymmetric", "to w-2 from all others",
         (faults.narrow(2, 1400),), also=frozenset({"path-smaller"})),
    Case("NAT between racks", "source-changed", "to w-2 from all others", (faults.nat(2),)),
    Case("two segments disguised as one subnet", "segment-routed", "between w-2 and all others",
         faults.disguise(TOPOLOGY), cluster=HOST_GW, one_rack=True),
    Case("the same, with an overlay", "segment-disguised", "", faults.disguise(TOPOLOGY), one_rack=True),
    Case("checksums inside VXLAN are corrupted", "tunnel-corrupts", "w-1",
         (faults.corrupt(8472, source=AT["w-1"]),)),
    Case("another machine has a node's address", "address-claimed", "w-1",
         on=(("w-3", f"{CLAIM % AT['w-1']}; {CLAIMING}", "systemctl stop claim; rm /run/claim.py"),)),
    Case("a port is taken", "port-taken", "w-1",
         on=(("w-1", f"systemd-run -q --unit taken socat UDP-LISTEN:8472,fork /dev/null; {listening('u', 8472)}",
              "systemctl stop taken"),)),
    Case("a route overlaps the pod subnet", "subnet-overlaps-route", "w-1",
         on=(("w-1", f"ip route add 10.244.7.0/24 via {TOPOLOGY.gateway(1)}", "ip route del 10.244.7.0/24"),)),
    Case("the pod subnet overlaps the hosts' own network", "subnet-overlaps-address", "w-1",
         on=(("w-1", "ip addr add 10.244.9.1/24 dev lo", "ip addr del 10.244.9.1/24 dev lo"),)),
    Case("two hosts with one machine-id", "machine-id-duplicate", "w-2",
         on=(("w-1", "cp /etc/machine-id /run/kept; echo 00000000000000000000000000000001 >/etc/machine-id",
              "cp /run/kept /etc/machine-id"),
             ("w-2", "cp /etc/machine-id /run/kept; echo 00000000000000000000000000000001 >/etc/machine-id",
              "cp /run/kept /etc/machine-id"))),
    Case("resolv.conf is missing", "resolver-missing", "w-1",
         on=(("w-1", "mv /etc/resolv.conf /etc/resolv.conf.away", "mv /etc/resolv.conf.away /etc/resolv.conf"),)),
    Case("another plugin's CNI file", "cni-present", "w-1",
         on=(("w-1", "mkdir -p /etc/cni/net.d; touch /etc/cni/net.d/05-other.conflist", "rm -r /etc/cni"),)),
    Case("a kernel module that is not available", "kernel-lacks", "cp-1, w-1, w-2 and w-3",
         cluster={"network": {"mode": "flannel-ipip"}}),
    Case("python3 is not installed", "host-unprobed", "w-1",
         on=(("w-1", "mv /usr/bin/python3 /usr/bin/python3.away", "mv /usr/bin/python3.away /usr/bin/python3"),)),
]  # fmt: skip


@pytest.fixture(scope="module")
def hosts() -> Iterator[Deployed]:
    """Four hosts in two racks that nothing was ever deployed to."""
    with Deployed(lab=LAB, cluster=CLUSTER).booted() as deployed:
        yield deployed


def looked(hosts: Deployed, *, one_rack: bool = False, **cluster: Any) -> dict[str, Any]:
    """Preflight's JSON."""
    run = hosts.underlay("preflight", "--json", one_rack=one_rack, **cluster)
    assert run.code in (0, 1), run.text
    return run.document


def snapshot(hosts: Deployed, name: str) -> str:
    """What must be on a host after a preflight as it was before."""
    return hosts.ssh(
        name,
        "ip -o link | sed 's/qlen.*//'; ip -o addr; ip route show table all; ip rule; nft list ruleset;"
        " cat /proc/modules; ss -Htulnp; ls -A /run /tmp /var/lib /etc;"
        " sysctl -a 2>/dev/null | grep -E '^net.ipv4.(conf|ip_)'",
    )


def test_a_healthy_lab_has_no_finding_and_nothing_stays_on_its_hosts(hosts: Deployed) -> None:
    first = looked(hosts)
    assert first["verdict"] == "fit", first["findings"]
    before = {name: snapshot(hosts, name) for name in AT}
    found = looked(hosts)
    assert [f for f in found["findings"] if not f["accepted"]] == []
    assert found["wire"]["pairs"] == 12
    assert found["wire"]["open"] == found["wire"]["flows"] > 60
    assert {name: snapshot(hosts, name) for name in AT} == before


@pytest.mark.parametrize("case", CASES, ids=[c.name for c in CASES])
def test_is_found_by_its_code(hosts: Deployed, case: Case) -> None:
    began = time.monotonic()
    with ExitStack() as mend:
        for host, broken, mended in case.on:
            mend.callback(hosts.ssh, host, mended)
            hosts.ssh(host, broken)
        with faults.injected(TOPOLOGY, *case.network):
            found = looked(hosts, one_rack=case.one_rack, **case.cluster)
    codes = {f["code"] for f in found["findings"] if not f["accepted"]}
    assert codes == {case.code} | case.also, found["findings"]
    named = [f["where"] for f in found["findings"] if f["code"] == case.code]
    assert any(case.where in where for where in named), named
    note(case, named, time.monotonic() - began)


def note(case: Case, where: list[str], seconds: float) -> None:
    """A row of the table, where one is being made."""
    if path := os.environ.get("UNDERLAY_FAULTS"):
        with open(path, "a", encoding="utf-8") as file:
            file.write(f"| {case.name} | `{case.code}` | {'; '.join(where)} | {seconds:.1f} |\n")


def test_what_is_said_to_a_narrow_path_is_enough(hosts: Deployed) -> None:
    def size_in(remedy: str, code: str, **cluster: Any) -> int:
        (said,) = {f["remedy"] for f in looked(hosts, **cluster)["findings"] if f["code"] == code}
        size = re.fullmatch(remedy, said)
        assert size, said
        return int(size[1])

    both = {silent: tuple(faults.narrow(rack, 1400, silent=silent) for rack in (1, 2)) for silent in (False, True)}
    with faults.injected(TOPOLOGY, *both[False]):
        stated = "state path_mtu = ([0-9]+), leave it out, or raise the path's MTU"
        size = size_in(stated, "path-too-small", path_mtu=1500)
        assert looked(hosts, path_mtu=size)["verdict"] == "fit"
    with faults.injected(TOPOLOGY, *both[True]), ExitStack() as mend:
        size = size_in("allow ICMP type 3 code 4, or set MTU ([0-9]+) on the hosts' links", "path-black-hole")
        for host in AT:
            mend.callback(hosts.ssh, host, "ip link set eth0 mtu 1500")
            hosts.ssh(host, f"ip link set eth0 mtu {size}")
        assert looked(hosts)["verdict"] == "fit"


def test_two_faults_at_once_are_two_findings(hosts: Deployed) -> None:
    with faults.injected(TOPOLOGY, _drop("tcp dport 10250", target=AT["w-1"]), faults.nat(2)):
        found = looked(hosts)
    assert {f["code"] for f in found["findings"] if not f["accepted"]} == {"lane-silent", "source-changed"}


def test_a_host_that_dies_in_the_middle_is_reported_and_keeps_nobody_waiting(hosts: Deployed) -> None:
    # At once: on a busy machine a command over SSH comes when the probes are over.
    run = hosts.acting(
        "preflight", "directed pairs are probed", lambda: cgroups.kill(this_machine(), TOPOLOGY.name, "w-3")
    )
    assert run.code in (0, 1), run.text
    assert re.search(r"\[host-unprobed\] w-3: (the connection was lost|its reply is incomplete)", run.text), run.text
    assert "Traceback" not in run.text


def test_a_run_that_was_killed_leaves_nothing_to_the_next(hosts: Deployed) -> None:
    killed = hosts.killed("preflight", "directed pairs are probed", after=0.1)
    assert killed.code == -9, killed.text
    found = looked(hosts)
    assert found["verdict"] == "fit", found["findings"]
    for name in AT:
        assert hosts.ssh(name, "ls -d /run/underlay-probe 2>/dev/null; pgrep -f prober[.]pyz || true") == ""


def test_what_is_accepted_stops_nothing_and_stays_visible(hosts: Deployed) -> None:
    accepted = {"accepted": CLUSTER["accepted"] | {"source-changed": "as our provider has it"}}
    with faults.injected(TOPOLOGY, faults.nat(2)):
        run = hosts.underlay("preflight", **accepted)
    assert run.code == 0, run.end
    assert "(accepted: as our provider has it)" in run.text


def test_a_deploy_is_refused_before_anything_is_touched(hosts: Deployed) -> None:
    with faults.injected(TOPOLOGY, _drop(VXLAN, source=AT["cp-1"], target=AT["w-2"])):
        run = hosts.deploy()
    assert run.code == 1
    assert "cp-1 to w-2: udp 8472 (flannel VXLAN) is dropped on the way; allow udp 8472 (flannel VXLAN)" in run.text
    assert "Starting operation: Prepare hosts" not in run.text
    assert hosts.ssh("w-1", "ls -d /etc/containerd /opt/cni 2>/dev/null || true") == ""


def test_the_path_that_was_measured_is_what_pods_get_and_it_is_remembered(hosts: Deployed) -> None:
    with faults.injected(TOPOLOGY, faults.narrow(1, 1400), faults.narrow(2, 1400)):
        run = hosts.deploy(tunnel_offload="off")
        assert run.code == 0, run.end
        assert "pod MTU 1350" in run.text
        assert hosts.ssh("w-1", "ethtool -k eth0 | grep -c 'tx-checksum-ip-generic: off'").strip() == "1"
        again = hosts.deploy("--data", "verify=false", tunnel_offload="off")
        assert again.code == 0, again.end
        assert again.changes.startswith("none;"), again.text
        assert "pod MTU 1350" in again.text
        verified = hosts.underlay("verify", tunnel_offload="off")
        assert verified.code == 0, verified.end
        carrying = looked(hosts, tunnel_offload="off")
    assert carrying["verdict"] != "refused"
    assert carrying["wire"]["open"] > 0
