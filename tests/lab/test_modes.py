"""Every mode that this kernel can run, deployed by one changed line, verified, and unchanged by a second run.

UNDERLAY_HEALTHY says how often each is verified beyond that (0), UNDERLAY_HEALTH where that is noted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.proof import saw

from .deployed import Deployed
from .dual_stack_mutations import SUBNETS
from .verified import TIMES, is_well

pytestmark = [pytest.mark.lab]

# Fields of the lab, and variables of the inventory, for each mode; two racks unless the mode needs one segment.
RACKS = {"workers": 2, "racks": 2}
SEGMENT = {"workers": 1, "racks": 1}
DUAL = {"network_v6": "fd61:95::/48"}
# Hosts here share two cores with everything else: a busy second is not a dead peer.
MESH = {"as_number": 64512, "bfd": True, "bfd_interval": 3000}
CASES = [
    pytest.param(RACKS, {"network": {"mode": "flannel-vxlan", "direct_routing": True}}, id="flannel-vxlan direct"),
    pytest.param(DUAL | RACKS, {"network": {"mode": "flannel-vxlan"}, **SUBNETS}, id="flannel-vxlan dual stack"),
    pytest.param(RACKS, {"network": {"mode": "flannel-udp"}}, id="flannel-udp"),
    pytest.param(SEGMENT, {"network": {"mode": "flannel-host-gw"}}, id="flannel-host-gw"),
    pytest.param(DUAL | SEGMENT, {"network": {"mode": "flannel-host-gw"}, **SUBNETS}, id="flannel-host-gw dual stack"),
    pytest.param(SEGMENT, {"network": {"mode": "routed"}, "routes": "static"}, id="routed static"),
    pytest.param(SEGMENT, {"network": {"mode": "routed"}, "bgp": MESH}, id="routed full mesh"),
]


@pytest.fixture
def lab(request: pytest.FixtureRequest) -> Iterator[Deployed]:
    number, fields, cluster = request.param
    lab = {"name": f"modes-{number}", "network": f"10.{140 + number}.0.0/16", **fields}
    deployed = Deployed(lab=lab, cluster=cluster)
    deployed.down()
    try:
        yield deployed
    finally:
        deployed.down()


def cases() -> list[Any]:
    """A lab of its own for each."""
    return [pytest.param((number, *case.values), id=f"{case.id}: ") for number, case in enumerate(CASES)]


@pytest.mark.parametrize("lab", cases(), indirect=True)
def test_is_verified_and_a_second_run_changes_nothing(lab: Deployed, request: pytest.FixtureRequest) -> None:
    run = lab.deploy()
    assert run.code == 0, run.end
    report = lab.report()
    passed = [c for c in report["checks"] if c["outcome"] == "passed"]
    assert any(c["area"].startswith("Pod to pod, 10 MB") for c in passed)
    captured = [c["name"] for c in passed if c["area"].startswith("On the wire")]
    assert captured
    assert any("IPv6" in name for name in captured) == ("network_v6" in lab.lab)
    again = lab.deploy("--data", "verify=false")
    assert again.changes.startswith("none; at most "), again.text
    racks = lab.lab["racks"]
    where = "across two racks" if racks > 1 else "between hosts of one segment"
    saw(
        report["network"]["mode"],
        4,
        f"a real cluster in the lab, {where}; capture on the hosts; a second run changed nothing",
    )
    is_well(lab, name=request.node.callspec.id, times=TIMES)
