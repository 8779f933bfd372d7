"""Nodes whose speaker is GoBGP, driven by the BGP packages of Cilium's agent: both sides of sessions, and each fault.

It stands in for the agent, which needs eBPF and whose image is out of reach: the same code opens the sessions and
answers on the agent's socket, with what Cilium's controllers would configure. Routers are ours, with FRR. There is no
Kubernetes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from underlay.artifacts.build.compile import compile_recipe
from underlay.artifacts.build.recipes import GoRecipe
from underlay.artifacts.build.toolchain import ensure_go
from underlay.artifacts.home import architecture, build_directory
from underlay.lab.model.topology import Lab, LabNode
from underlay.networks.cilium.status import SOCKET
from underlay.networks.cilium.versions import NEWEST, VERSIONS

from .fabric import configure
from .light_fabric import LightFabric, SpeakerFault
from .waiting import shell_until, until

pytestmark = [pytest.mark.lab]

RECIPE = GoRecipe(
    name="cilium-bgp",
    module="underlay.internal/build/cilium-bgp",
    version=VERSIONS[NEWEST].chart,
    packages={"cilium-bgp": "."},
)
LAB = Lab("gobgp", control_planes=1, workers=2, racks=2, routers=1, network="10.145.0.0/16")
PASSWORD = "light"  # noqa: S105
BGP = {"password": PASSWORD, "hold_time": 30, "keepalive": 10}
PROGRAM, CONFIGURATION = "/usr/local/sbin/cilium-bgp", "/etc/cilium-bgp.json"
W1, TOR_BGP = "10.145.1.21", "router bgp 64601"
CONVERGED_S = 120.0


def config(fabric: LightFabric, node: LabNode, *, more: tuple[str, ...] = (), announces: bool = True) -> str:
    """Shell that writes what a node announces and to whom, and starts its speaker anew."""
    router = next(r for r in fabric.routers if r.rack_name == node.rack_name)
    rack = int(node.rack_name.rpartition("-")[2])
    peer = {"name": router.name, "address": str(router.address), "asn": 64600 + rack, "password": PASSWORD}
    wanted: dict[str, Any] = {
        "asn": 64512 + rack,
        "router_id": str(node.address),
        "announced": [fabric.subnet(node.name), *more] if announces else [],
        "peers": [{**peer, "hold_time": BGP["hold_time"], "keepalive": BGP["keepalive"]}],
    }
    return f"""\
pkill -x cilium-bgp
mkdir -p {Path(SOCKET).parent}
cat >{CONFIGURATION} <<'END'
{json.dumps(wanted)}
END
setsid {PROGRAM} {CONFIGURATION} {SOCKET} >/var/log/cilium-bgp.log 2>&1 </dev/null &
{shell_until(f"test -S {SOCKET}", within=30)}
"""


@pytest.fixture(scope="module")
def program() -> bytes:
    """The speaker, built from Cilium's own module; kept until that changes."""
    kept = build_directory() / "cilium-bgp" / RECIPE.key(architecture()) / "cilium-bgp"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        made = compile_recipe(RECIPE, go=ensure_go(print), work=kept.parent / "work", arch=architecture(), say=print)
        made["cilium-bgp"].rename(kept)
    return kept.read_bytes()


@pytest.fixture(scope="module")
def fabric(program: bytes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LightFabric]:
    made = LightFabric(LAB, BGP, tmp_path_factory.mktemp("light"), mode="cilium-bgp")
    made.up()
    try:
        run = made.deploy()
        assert run.code == 0, run.end
        for node in made.nodes:
            made.put(node.name, PROGRAM, program)
            made.ssh(node.name, config(made, node))
        yield made
    finally:
        made.down()


def w1(fabric: LightFabric, *, more: tuple[str, ...] = (), announces: bool = True) -> tuple[str, str]:
    node = next(n for n in fabric.nodes if n.name == "w-1")
    return "w-1", config(fabric, node, more=more, announces=announces)


FAULTS = (
    "AS numbers swapped",
    "wrong password",
    "a prefix is filtered by the node",
    "a prefix is filtered by the router",
    "a pod's address beside its subnet",
    "the agent does not run",
    "a session that flaps",
)


def fault_of(fabric: LightFabric, name: str) -> SpeakerFault:
    own = fabric.subnet("w-1")
    pod = own.replace(".0/24", ".7/32")
    own_, pod_ = re.escape(own), re.escape(pod)
    made = (
        SpeakerFault(
            (("tor-1", configure(TOR_BGP, f"neighbor {W1} remote-as 64999")),),
            "tor-1 expects AS 64999 from w-1, which is AS 64513",
        ),
        SpeakerFault(
            (("tor-1", configure(TOR_BGP, f"neighbor {W1} password other")), ("tor-1", f"vtysh -c 'clear bgp {W1}'")),
            r"the passwords differ: .* dropped TCP segments for their MD5 signature",
        ),
        SpeakerFault((w1(fabric, announces=False),), rf"tor-1 does not receive {own_} \(w-1\) from w-1"),
        SpeakerFault(
            (("tor-1", configure("ip prefix-list PODS seq 5 deny 10.244.0.0/16 ge 17 le 32")),),
            rf"tor-1 filters {own_} \(w-1\) from w-1",
        ),
        SpeakerFault(
            (w1(fabric, more=(pod,)),),
            rf"w-1 announces 2 prefixes to tor-1, 1 expected: {pod_} is inside {own_} \(w-1\)",
        ),
        SpeakerFault((("w-1", "pkill -x cilium-bgp; sleep 1"),), "w-1: Cilium's agent does not answer"),
        SpeakerFault(
            (("tor-1", f"for i in 1 2 3 4 5; do vtysh -c 'clear bgp {W1}'; sleep 8; done"),),
            r"the session flaps: established \d+ times in 120 s",
        ),
    )
    return dict(zip(FAULTS, made, strict=True))[name]


def test_the_speaker_is_of_the_version_that_is_laid_down() -> None:
    required = f"require github.com/cilium/cilium v{VERSIONS[NEWEST].chart}"
    assert required in (RECIPE.directory / "go.mod").read_text().splitlines()


def test_both_sides_agree(fabric: LightFabric) -> None:
    assert "4 sessions, 0 with problems" in until(fabric.agreed, within=CONVERGED_S)


def test_routers_have_every_nodes_pod_subnet_through_the_node(fabric: LightFabric) -> None:
    until(fabric.agreed, within=CONVERGED_S)
    routes = json.loads(fabric.ssh("tor-1", "vtysh -c 'show bgp ipv4 unicast json'"))["routes"]
    for node in fabric.nodes:
        (best,) = (p for p in routes[fabric.subnet(node.name)] if p.get("bestpath"))
        rack = int(node.rack_name.rpartition("-")[2])
        beyond = "" if node.rack_name == "rack-1" else f"{64600 + rack} "
        assert best["path"] == f"{beyond}{64512 + rack}"
        if not beyond:
            assert [hop["ip"] for hop in best["nexthops"]] == [str(node.address)]


@pytest.mark.parametrize("name", FAULTS)
def test_is_named(fabric: LightFabric, name: str) -> None:
    fabric.expect(fault_of(fabric, name), healed=w1(fabric), within=CONVERGED_S)
