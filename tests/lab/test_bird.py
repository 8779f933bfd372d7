"""Nodes whose speaker is BIRD 1.6.8, the release in calico-node, from Debian: both sides of sessions, and each fault.

It stands in for calico-node, whose image is out of reach: the same program, asked in the same words on the same socket,
with the sessions that confd would configure. Routers are ours, with FRR. There is no Kubernetes.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from underlay.lab.model.topology import Lab, LabNode

from .fabric import configure
from .light_fabric import LightFabric, SpeakerFault
from .waiting import until

pytestmark = [pytest.mark.lab]

LAB = Lab("bird", control_planes=1, workers=2, racks=2, routers=1, network="10.138.0.0/16")
PASSWORD = "light"  # noqa: S105
BGP = {"password": PASSWORD, "ttl_security": True, "hold_time": 30, "keepalive": 10}
W1, NODE_BGP = "10.138.1.21", "router bgp 64601"
CONVERGED_S = 120.0


def config(fabric: LightFabric, node: LabNode, *, more: str = "", export: str = "source = RTS_STATIC") -> str:
    """Shell that writes a node's configuration, with the sessions of its rack's router, and loads it."""
    rack = int(node.rack_name.rpartition("-")[2])
    router = next(r for r in fabric.routers if r.rack_name == node.rack_name)
    text = f"""\
router id {node.address};
protocol device {{ scan time 2; }}
protocol static {{ route {fabric.subnet(node.name)} blackhole; {more} }}
protocol bgp Global_{str(router.address).replace(".", "_")} {{
  local {node.address} as {64512 + rack};
  neighbor {router.address} as {64600 + rack};
  password "{PASSWORD}"; ttl security on;
  import all; export where {export};
  connect delay time 1; connect retry time 3; error wait time 2,5;
}}
"""
    return f"""\
mkdir -p /var/run/calico /etc/calico
cat >/etc/calico/bird.cfg <<'END'
{text}END
pkill -HUP -x bird || /usr/local/sbin/bird -c /etc/calico/bird.cfg -s /var/run/calico/bird.ctl
"""


@pytest.fixture(scope="module")
def bird(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The program, out of Debian's package."""
    work = tmp_path_factory.mktemp("bird")
    done = subprocess.run(["apt-get", "download", "bird"], cwd=work, capture_output=True, text=True, check=False)
    packages = list(work.glob("bird_1.6.*.deb"))
    if done.returncode or not packages:
        pytest.skip(f"Debian's package of BIRD 1.6 cannot be had here ({done.stderr.strip().splitlines()[-1:]})")
    subprocess.run(["dpkg", "-x", packages[0], work / "x"], check=True)
    return (work / "x/usr/sbin/bird").read_bytes()


@pytest.fixture(scope="module")
def fabric(bird: bytes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LightFabric]:
    work: Path = tmp_path_factory.mktemp("light")
    made = LightFabric(LAB, BGP, work, mode="calico-bgp")
    made.up()
    try:
        run = made.deploy()
        assert run.code == 0, run.end
        for node in made.nodes:
            made.put(node.name, "/usr/local/sbin/bird", bird)
            made.ssh(node.name, config(made, node))
        yield made
    finally:
        made.down()


def w1(fabric: LightFabric, **changes: str) -> tuple[str, str]:
    node = next(n for n in fabric.nodes if n.name == "w-1")
    return "w-1", config(fabric, node, **changes)


def faults(fabric: LightFabric) -> dict[str, SpeakerFault]:
    own = fabric.subnet("w-1")
    pod = own.replace(".0/24", ".7/32")
    return {
        "AS numbers swapped": SpeakerFault(
            (("tor-1", configure(NODE_BGP, f"neighbor {W1} remote-as 64999")),),
            "tor-1 expects AS 64999 from w-1, which is AS 64513",
        ),
        "wrong password": SpeakerFault(
            (("tor-1", configure(NODE_BGP, f"neighbor {W1} password other")), ("tor-1", f"vtysh -c 'clear bgp {W1}'")),
            r"the passwords differ: .* dropped TCP segments for their MD5 signature",
        ),
        "a prefix is filtered by the node": SpeakerFault(
            (w1(fabric, export="false"),), rf"tor-1 does not receive {re.escape(own)} \(w-1\) from w-1"
        ),
        "a pod's address beside its block": SpeakerFault(
            (w1(fabric, more=f"route {pod} blackhole;"),),
            rf"w-1 announces 2 prefixes to tor-1, 1 expected: {re.escape(pod)} is inside {re.escape(own)} \(w-1\)",
        ),
        "a session that flaps": SpeakerFault(
            (("tor-1", f"for i in 1 2 3 4 5; do vtysh -c 'clear bgp {W1}'; sleep 6; done"),),
            r"the session flaps: established \d+ times in 120 s",
        ),
        "BIRD does not run": SpeakerFault((("w-1", "pkill -x bird; sleep 1"),), "w-1: BIRD does not answer"),
    }


def test_both_sides_agree(fabric: LightFabric) -> None:
    shown = until(fabric.agreed, within=CONVERGED_S)
    assert "4 sessions, 0 with problems" in shown


@pytest.mark.parametrize(
    "name",
    [
        "AS numbers swapped",
        "wrong password",
        "a prefix is filtered by the node",
        "a pod's address beside its block",
        "BIRD does not run",
        "a session that flaps",
    ],
)
def test_is_named(fabric: LightFabric, name: str) -> None:
    fabric.expect(faults(fabric)[name], healed=w1(fabric), within=CONVERGED_S)
