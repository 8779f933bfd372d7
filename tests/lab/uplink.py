"""A rack's second router loses its uplink while packets go to and fro between two racks: what is lost, and how long.

The uplink is cut at the switch, so that its router sees its link go down, and the routers at its other end see nothing:
only BFD tells them.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from underlay.lab.host import namespaces
from underlay.lab.model import naming
from underlay.lab.model.topology import Lab
from underlay.lab.system.commands import run

from .light_fabric import LightFabric

SENDER, ECHOER = "w-2", "w-1"
# The second router of the echoer's rack: hosts are reached through the first.
ROUTER = "tor-3"
FLOWS = 8
PER_SECOND = 100
PORT = 7000
CUT_S, BACK_S, END_S = 2.0, 5.0, 10.0

# As the CNI plugin `bridge` would make it, on a host that forwards as any node does.
_POD = """\
set -e
sysctl -qw net.ipv4.ip_forward=1
ip link del pod 2>/dev/null || true
ip netns del pod 2>/dev/null || true
ip link show cni0 >/dev/null 2>&1 || ip link add cni0 type bridge
ip addr replace {gateway}/24 dev cni0
ip link set cni0 up
ip netns add pod
ip link add pod type veth peer name eth0 netns pod
ip link set pod master cni0 up
ip -n pod addr add {address}/24 dev eth0
ip -n pod link set eth0 up
ip -n pod route add default via {gateway}
"""
_ECHO = f"""\
systemctl -q stop echo 2>/dev/null || true
systemd-run -q --unit echo ip netns exec pod python3 -c '
import select, socket
ends = []
for flow in range({FLOWS}):
    ends.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    ends[-1].bind(("", {PORT} + flow))
while True:
    for end in select.select(ends, [], [])[0]:
        end.sendto(*end.recvfrom(64))
'
"""
# Prints when each packet was sent and which of them did not come back, a flow on each line.
_SEND = f"""\
ip netns exec pod python3 -c '
import json, select, socket, time
ends = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range({FLOWS})]
for flow, end in enumerate(ends):
    end.connect(("{{address}}", {PORT} + flow))
    end.setblocking(False)
sent, back, began = [[] for _ in ends], [set() for _ in ends], time.time()
while time.time() < began + {END_S + 1}:
    due = began + len(sent[0]) / {PER_SECOND}
    if time.time() >= due and due < began + {END_S}:
        for flow, end in enumerate(ends):
            number = len(sent[flow])
            sent[flow].append(time.time())
            try:
                end.send(str(number).encode())
            except OSError:
                pass
    for end in select.select(ends, [], [], max(0, min(due - time.time(), 0.01)))[0]:
        try:
            back[ends.index(end)].add(int(end.recv(64)))
        except OSError:
            pass
for flow, times in enumerate(sent):
    print(json.dumps([times, sorted(set(range(len(times))) - back[flow])]))
'
"""


@dataclass(frozen=True)
class Flow:
    """One flow of packets: when each was sent, and the numbers of those that did not come back."""

    sent: tuple[float, ...]
    lost: tuple[int, ...]

    def lost_between(self, begin: float, end: float) -> int:
        return sum(begin <= self.sent[n] < end for n in self.lost)

    def silence(self, begin: float, end: float) -> float:
        """The longest time in seconds between two packets that came back."""
        lost = set(self.lost)
        came = [t for n, t in enumerate(self.sent) if n not in lost and begin - 1 <= t < end]
        return max((after - before for before, after in pairwise(came)), default=end - begin)


@dataclass(frozen=True)
class Cut:
    """What was seen of one cut: the next hops of each side before, while the uplink was away, and after."""

    flows: tuple[Flow, ...]
    cut: float
    back: float
    ended: float
    hops: dict[str, tuple[frozenset[str], frozenset[str], frozenset[str]]]
    one_left: float

    @property
    def worst(self) -> Flow:
        return max(self.flows, key=lambda flow: flow.lost_between(self.cut - 0.5, self.back))

    @property
    def packets(self) -> int:
        """Packets that the flow which lost most has lost by the cut."""
        return self.worst.lost_between(self.cut - 0.5, self.back)

    @property
    def seconds(self) -> float:
        """How long that flow got nothing back."""
        return self.worst.silence(self.cut, self.back)

    @property
    def hit(self) -> int:
        """Flows that lost a packet."""
        return sum(flow.lost_between(self.cut - 0.5, self.back) > 0 for flow in self.flows)

    @property
    def packets_at_return(self) -> int:
        """Packets that any flow has lost as the uplink came back."""
        return max(flow.lost_between(self.back, self.ended) for flow in self.flows)


def light_fabric(name: str, network: str, work: Path, *, bfd_interval: int) -> LightFabric:
    """Two racks with two routers each, and three nodes; three BFD packets lost are a dead peer.

    :param bfd_interval: milliseconds between two packets.
    """
    lab = Lab(name, control_planes=1, workers=2, racks=2, routers=2, network=network)
    bgp = {"password": "light", "ttl_security": True, "bfd": True, "bfd_interval": bfd_interval}
    return LightFabric(lab, bgp, work)


def prepare(fabric: LightFabric) -> None:
    """A pod on each side, and an echo in one of them."""
    for host in (SENDER, ECHOER):
        fabric.ssh(host, _POD.format(gateway=_address(fabric, host, 1), address=_address(fabric, host, 2)))
    fabric.ssh(ECHOER, _ECHO)


def cut_once(fabric: LightFabric) -> Cut:
    """Send, cut the uplink, join it again, and see."""
    answer: list[str] = []
    script = _SEND.format(address=_address(fabric, ECHOER, 2))
    sender = threading.Thread(target=lambda: answer.append(fabric.ssh(SENDER, script)))
    sender.start()
    time.sleep(CUT_S)
    before = _hops(fabric)
    cut = time.time()
    _link(fabric, "down")
    try:
        one_left = _until(lambda: all(len(hops) == 1 for hops in _hops(fabric).values()), cut + 2.5) - cut
        while_away = _hops(fabric)
        time.sleep(max(0.0, cut + BACK_S - CUT_S - time.time()))
    finally:
        back = time.time()
        _link(fabric, "up")
    sender.join()
    flows = tuple(Flow(tuple(sent), tuple(lost)) for sent, lost in map(json.loads, answer[0].splitlines()))
    _until(lambda: all(len(hops) == 2 for hops in _hops(fabric).values()), time.time() + 60)
    after = _hops(fabric)
    hops = {host: (before[host], while_away[host], after[host]) for host in before}
    return Cut(flows, cut, back, flows[0].sent[-1], hops, one_left)


def _hops(fabric: LightFabric) -> dict[str, frozenset[str]]:
    """The next hops to the rack that loses an uplink and from it, as the kernels of the hosts beside it have them.

    Of a router at the other end of the uplink (towards the echoer's pods), and of the echoer (towards the sender's).
    """
    return {
        "tor-2": _next_hops(fabric, "tor-2", fabric.subnet(ECHOER)),
        ECHOER: _next_hops(fabric, ECHOER, fabric.subnet(SENDER)),
    }


def _next_hops(fabric: LightFabric, host: str, subnet: str) -> frozenset[str]:
    """Looked at from outside: no SSH, which would take its time."""
    shown = run("ip", "-n", naming.namespace(fabric.lab.name, host), "-json", "route", "show", subnet, "proto", "bgp")
    routes = json.loads(shown or "[]")
    hops = [hop for route in routes for hop in (route.get("nexthops") or [route])]
    alive = [h["gateway"] for h in hops if "gateway" in h and not {"dead", "linkdown"} & set(h.get("flags", ()))]
    return frozenset(alive)


def _link(fabric: LightFabric, state: str) -> None:
    name = naming.router(fabric.lab.name)
    assert namespaces.usable(name)
    run("ip", "-n", name, "link", "set", naming.fabric_port(ROUTER), state)


def _until(observed: Callable[[], bool], give_up: float) -> float:
    """The moment at which something is seen, or at which looking ends."""
    while not observed() and time.time() < give_up:
        time.sleep(0.02)
    return time.time()


def _address(fabric: LightFabric, host: str, number: int) -> str:
    return fabric.subnet(host).replace("0/24", str(number))
