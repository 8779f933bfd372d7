"""Every mode that this kernel can run, one after the other on hosts that are never rebuilt: deployed by one changed
line, verified, unchanged by a second run, and taken back until the hosts are what they were.

UNDERLAY_HEALTHY says how often each is verified beyond that (0), UNDERLAY_HEALTH where that is noted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.proof import saw
from underlay.verify import network_policies

from .deployed import Deployed
from .dual_stack_mutations import SUBNETS
from .fabric import FABRIC, ROUTED
from .flows import IMAGE
from .host_snapshot import difference, snapshot
from .operators_own import put
from .policy_engine import ENGINE, built
from .verified import TIMES, is_well

pytestmark = [pytest.mark.lab]

# Fields of each lab, and variables of the inventory for each mode; two racks unless the mode needs one segment.
DUAL = {"network_v6": "fd61:95::/48"}
RACKS: dict[str, Any] = {"name": "walk-racks", "network": "10.140.0.0/16", "workers": 2, "racks": 2, **DUAL}
SEGMENT: dict[str, Any] = {"name": "walk-segment", "network": "10.141.0.0/16", "workers": 1, "racks": 1, **DUAL}
# Hosts here share two cores with everything else: a busy second is not a dead peer.
MESH = {"as_number": 64512, "bfd": True, "bfd_interval": 3000}
WALKS: dict[str, tuple[dict[str, Any], dict[str, dict[str, Any]]]] = {
    "racks": (
        RACKS,
        {
            "flannel-vxlan direct": {"network": {"mode": "flannel-vxlan", "direct_routing": True}},
            "flannel-vxlan dual stack": {"network": {"mode": "flannel-vxlan"}, **SUBNETS},
            "flannel-udp": {"network": {"mode": "flannel-udp"}, **ENGINE},
        },
    ),
    "segment": (
        SEGMENT,
        {
            "flannel-host-gw": {"network": {"mode": "flannel-host-gw"}, **ENGINE},
            "flannel-host-gw dual stack": {"network": {"mode": "flannel-host-gw"}, **SUBNETS},
            "flannel-vxlan IPv6 alone": {
                "network": {"mode": "flannel-vxlan"},
                **{name.removesuffix("_v6"): subnet for name, subnet in SUBNETS.items()},
                "only_v6": True,
            },
            "routed static": {"network": {"mode": "routed"}, "routes": "static"},
            "routed full mesh": {"network": {"mode": "routed"}, "bgp": MESH, **ENGINE},
        },
    ),
    "fabric": (FABRIC | {"name": "walk-fabric", "network": "10.144.0.0/16"}, {"routed by BGP": ROUTED}),
}


# Their reset is killed in the middle, and run again.
FIRST = tuple(next(iter(modes)) for _, modes in WALKS.values())

# Reset by pyinfra's own command.
BY_PYINFRA = "flannel-host-gw dual stack"

# One of its hosts is reset alone, before all others.
PARTED = "flannel-udp"


@dataclass
class Walk:
    """Hosts that are never rebuilt, what they were before the first deploy, and their next mode."""

    deployed: Deployed
    before: dict[str, list[str]]

    @property
    def hosts(self) -> list[str]:
        lab = self.deployed.lab
        routers = [f"tor-{n + 1}" for n in range(lab["racks"])] if lab.get("routers") else []
        return ["cp-1", *(f"w-{n + 1}" for n in range(lab["workers"])), *routers]

    def differences(self) -> dict[str, list[str]]:
        found = {host: difference(self.before[host], snapshot(self.deployed, host)) for host in self.hosts}
        return {host: lines for host, lines in found.items() if lines}


@pytest.fixture(scope="module")
def walk(request: pytest.FixtureRequest) -> Iterator[Walk]:
    """Booted hosts with things of an operator's on them."""
    fields, modes = WALKS[request.param]
    built()
    with Deployed(lab=fields, cluster=next(iter(modes.values()))).booted() as deployed:
        walk = Walk(deployed, {})
        for host in walk.hosts:
            put(deployed, host)
            walk.before[host] = snapshot(deployed, host)
        yield walk


def cases() -> list[Any]:
    """The modes of a walk one after the other, on the same hosts."""
    return [pytest.param(walk, mode, id=f"{walk}: {mode}") for walk, (_, modes) in WALKS.items() for mode in modes]


def abandoned_pod(lab: Deployed, host: str) -> None:
    """A pod on a node that no controller owns, as a verification leaves that was killed."""
    space = ("-n", "underlay-verify")
    lab.kubectl("wait", "namespace", space[1], "--for=delete", "--timeout=300s")
    lab.kubectl("create", "namespace", space[1])
    wanted = json.dumps({"spec": {"nodeName": host, "terminationGracePeriodSeconds": 3}})
    lab.kubectl("run", *space, "left", f"--image={IMAGE}", f"--overrides={wanted}", "--", "pause")
    lab.kubectl("wait", *space, "pod/left", "--for=condition=Ready", "--timeout=180s")


def one_leaves(walk: Walk, host: str) -> None:
    """One node is drained, leaves the cluster and is what it was; the first control-plane host may not do so."""
    refused = walk.deployed.underlay("reset", "--limit", "cp-1", "--yes")
    assert refused.code == 1
    assert "by which the others join" in refused.text, refused.text
    abandoned_pod(walk.deployed, host)
    left = walk.deployed.underlay("reset", "--limit", host, "--yes")
    assert left.code == 0, left.end
    assert f"node/{host}" not in walk.deployed.kubectl("get", "nodes", "-o", "name").split()
    assert difference(walk.before[host], snapshot(walk.deployed, host)) == []


@pytest.mark.parametrize(("walk", "mode"), cases(), indirect=["walk"], scope="module")
def test_is_verified_unchanged_by_a_second_run_and_taken_back(
    walk: Walk, mode: str, request: pytest.FixtureRequest
) -> None:
    walk.deployed.cluster = WALKS[request.node.callspec.id.partition(":")[0]][1][mode]
    lab = walk.deployed
    run = lab.deploy()
    assert run.code == 0, run.end
    report = lab.report()
    passed = [c for c in report["checks"] if c["outcome"] == "passed"]
    assert any(c["area"].startswith("Pod to pod, 10 MB") for c in passed)
    enforced = [c for c in passed if c["area"].startswith("NetworkPolicy: ")]
    assert len(enforced) == (len(network_policies.CASES) if "network_policy" in lab.cluster else 0)
    captured = [c["name"] for c in passed if c["area"].startswith("On the wire")]
    assert captured
    assert any("IPv6" in name for name in captured) == ("pod_subnet_v6" in lab.cluster)
    again = lab.deploy("--data", "verify=false")
    assert again.changes.startswith("none; at most "), again.text
    is_well(lab, name=mode, times=TIMES)
    if mode == PARTED:
        one_leaves(walk, "w-2")
    if mode in FIRST:
        assert lab.killed("reset", "resetting", "--yes", after=3).code != 0
    reset = lab.reset_by_pyinfra() if mode == BY_PYINFRA else lab.underlay("reset", "--yes")
    assert reset.code == 0, reset.end
    assert lab.underlay("reset", "--yes").text.count("nothing to reset") == len(walk.hosts)
    left = [f"{host}: {line}" for host, lines in walk.differences().items() for line in lines]
    assert not left, "\n".join(left)
    racks = lab.lab["racks"]
    where = "across two racks" if racks > 1 else "between hosts of one segment"
    saw(
        report["network"]["mode"],
        5,
        f"a real cluster in the lab, {where}; capture on the hosts; a second run changed nothing, and a reset left "
        "nothing on hosts that the next mode was deployed to",
    )
