"""Plain routes by Flannel within racks, and by BGP across them: FRR announces a node's own pods, and nobody else's."""

from __future__ import annotations

import json

import pytest

from .deployed import Deployed

pytestmark = [pytest.mark.lab]

ASKED = {"network": {"mode": "flannel-host-gw"}, "routes": "bgp"}


def test_deploys_across_racks_and_both_sides_agree(fabric_beside_flannel: Deployed) -> None:
    run = fabric_beside_flannel.deploy(**ASKED)
    assert run.code == 0, run.end
    checks = fabric_beside_flannel.report()["checks"]
    assert any("On the wire" in c["area"] and c["name"] == "w-1 to w-2" for c in checks)
    shown = fabric_beside_flannel.underlay("bgp", **ASKED)
    assert shown.code == 0, shown.end
    assert "4 sessions, 0 with problems" in shown.text


def test_a_neighbour_in_the_rack_is_flannels_and_one_in_another_is_bgps(fabric_beside_flannel: Deployed) -> None:
    routes = json.loads(fabric_beside_flannel.ssh("w-1", "ip -json route show table main"))
    pods = {r["dst"]: r for r in routes if r["dst"].startswith("10.244.") and r.get("dev") != "cni0" and "gateway" in r}
    assert sorted(r["gateway"] for r in pods.values()) == ["10.95.1.1", "10.95.1.11"]
    assert {r["gateway"]: r.get("protocol") for r in pods.values()}["10.95.1.1"] == "bgp"


def test_flannel_and_frr_leave_one_anothers_routes(fabric_beside_flannel: Deployed) -> None:
    """Flannel looks every ten seconds whether its routes are there, and takes away what is in their place."""
    fabric_beside_flannel.ssh("w-1", "timeout 25 ip monitor route >/tmp/routes || true")
    assert "10.244." not in fabric_beside_flannel.ssh("w-1", "cat /tmp/routes")


def test_second_run_changes_nothing(fabric_beside_flannel: Deployed) -> None:
    run = fabric_beside_flannel.deploy("--data", "verify=false", **ASKED)
    assert run.code == 0, run.end
    assert run.changes == "none; at most 1 SSH executions on a host"
