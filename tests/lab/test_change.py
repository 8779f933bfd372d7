"""The network of a running cluster is changed to each of the others and back, while packets and connections flow.

UNDERLAY_CHANGES names a file to which each change adds a row; then every ordered pair of them is walked.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .deployed import Deployed, Run
from .fabric import BGP
from .flows import Flows, flowing, pods, workload
from .host_snapshot import difference, snapshot

pytestmark = [pytest.mark.lab]

LAB = {"name": "change", "network": "10.148.0.0/16", "workers": 2, "racks": 1}
# Hosts here share two cores with everything else: a busy second is not a dead peer.
MESH = {"bgp": {"as_number": 64512, "bfd": True, "bfd_interval": BGP["bfd_interval"]}}
NETWORKS: dict[str, dict[str, Any]] = {
    "vxlan": {"mode": "flannel-vxlan"},
    "host-gw": {"mode": "flannel-host-gw"},
    "udp": {"mode": "flannel-udp"},
    "routed by BGP": {"mode": "routed"},
    "vxlan direct": {"mode": "flannel-vxlan", "direct_routing": True},
    "none": {"mode": "none"},
}
WALK = ("host-gw", "routed by BGP", "udp", "none", "vxlan")
TABLE = os.environ.get("UNDERLAY_CHANGES", "")


def all_pairs(first: int = 0) -> Iterator[str]:
    """A walk from the first network over every ordered pair, each once, back to the first."""
    names = list(NETWORKS)
    for other in range(first + 1, len(names)):
        yield names[other]
        if other == first + 1:
            yield from all_pairs(other)
        yield names[first]


# What differs with each pod, and what stays until a reset: packages, users, and what a record has of more modes.
_OF_PODS = (
    r"[0-9a-f]{64}|[0-9a-f]{8}(-|.x2d)[0-9a-f]{4}(-|.x2d)|veth|/var/log/|/run/containerd/s/|cni-|CNI-HOSTPORT"
    r"|10\.244\.|fe80::|numgen|nft \t|conf/cni0/route_localnet"
)
_STAYS = (
    r"(package|user|process) |path (/var/lib/(underlay|dpkg|frr)|/var/cache|/etc/frr|/run/underlay|/root/.history_frr)"
)
EXPECTED = re.compile(f"{_OF_PODS}|^. ({_STAYS})")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """Three hosts on one segment with Flannel's VXLAN, and servers on each."""
    with Deployed(lab=LAB, cluster={**MESH, "network": NETWORKS["vxlan"]}).booted() as deployed:
        run = deployed.deploy("--data", "verify=false")
        assert run.code == 0, run.end
        workload(deployed, tmp_path_factory.mktemp("servers"))
        yield deployed


def change(lab: Deployed, name: str, *options: str) -> Run:
    lab.cluster["network"] = NETWORKS[name]
    return lab.underlay("change", "--yes", *options)


def record(lab: Deployed) -> dict[str, str]:
    """The record on the cluster."""
    found: dict[str, str] = json.loads(lab.kubectl("get", "configmap", "-n", "kube-system", "underlay", "-o", "json"))[
        "data"
    ]
    return found


def note(old: str, new: str, run: Run, flows: Flows | None, kept: int) -> None:
    """A row for the table: what was measured of a change."""
    if not TABLE:
        return
    seconds = run.text.rpartition(" after ")[2].split(" s")[0]
    with Path(TABLE).open("a") as file:
        row = {"from": old, "to": new, "seconds": seconds, "kept": kept}
        file.write(
            json.dumps(row | ({"gaps": flows.gaps, "open": flows.open, "late": flows.late} if flows else {})) + "\n"
        )


def test_a_port_that_is_taken_is_told_and_nothing_has_changed(lab: Deployed) -> None:
    lab.ssh("w-1", "systemd-run -q --unit=taken socat -u UDP-RECV:8285 /dev/null")
    before = record(lab)
    with flowing(lab, "w-1") as flows:
        refused = change(lab, "udp", "--unverified")
    lab.ssh("w-1", "systemctl stop taken")
    assert flows.open == dict.fromkeys(flows.gaps, True), flows
    assert refused.code == 1, refused.text
    assert "w-1: udp 8285 is taken by socat" in refused.text, refused.text
    assert record(lab) == before
    # A deploy does not do it either.
    deployed = lab.deploy("--data", "verify=false")
    assert deployed.code == 1
    assert "change the network: `underlay change`" in deployed.text, deployed.text


def test_the_network_becomes_each_other_one_and_the_first_again(lab: Deployed) -> None:
    before, old = snapshot(lab, "w-1"), "vxlan"
    options: tuple[str, ...] = ()
    for new in [*all_pairs()] if TABLE else WALK:
        servers = pods(lab)
        plan = lab.underlay("change", "--plan", network=NETWORKS[new])
        assert plan.code == 2, plan.text
        assert f"network: {NETWORKS[old]['mode']}" in plan.text
        if "none" in (old, new):
            run, flows = change(lab, new, *options), None
            assert run.code == 0, run.end
        else:
            with flowing(lab, "w-1") as flows:
                run = change(lab, new, *options)
                assert run.code == 0, run.end
            assert flows.open == dict.fromkeys(flows.gaps, True), flows
            assert pods(lab) == servers
        kept = sum(pods(lab).get(name) == pod for name, pod in servers.items())
        note(old, new, run, flows, kept)
        assert "change" not in record(lab)
        assert json.loads(record(lab)["spec"])["network"]["mode"] == NETWORKS[new]["mode"]
        old = new
        if not TABLE:
            # It was verified a moment ago.
            options = ("--unverified",)
    for name in ("one", "two"):
        lab.kubectl("rollout", "status", f"daemonset/{name}", "--timeout=120s")
    again = lab.deploy("--data", "verify=false")
    assert again.changes.startswith("none; at most "), again.text
    left = [line for line in difference(before, snapshot(lab, "w-1")) if not EXPECTED.search(line)]
    assert not left, "\n".join(left)
    assert change(lab, "vxlan").text.count("the network is the one of the inventory") == 1


def test_a_change_that_is_killed_is_finished_or_taken_back(lab: Deployed) -> None:
    servers = pods(lab)
    lab.cluster["network"] = NETWORKS["routed by BGP"]
    killed = lab.killed("change", "Starting operation: Install network", "--yes", "--unverified", after=0.5)
    assert killed.code == -9, killed.text
    refused = lab.deploy("--data", "verify=false")
    assert refused.code == 1
    assert "a change of the network has not ended" in refused.text, refused.text
    back = lab.underlay("change", "--back", "--yes")
    assert back.code == 0, back.end
    assert "flannel-vxlan, verified" in back.text
    killed = lab.killed("change", "removing what is left of the old network", "--yes", "--unverified", after=0.3)
    assert killed.code == -9, killed.text
    finished = lab.underlay("change", "--yes")
    assert finished.code == 0, finished.end
    assert "begun before" in finished.text
    assert pods(lab) == servers
    run = lab.deploy()
    assert run.code == 0, run.end
    assert lab.report()["verdict"] == "verified"
    lab.kubectl("delete", "daemonset", "one", "two")
    assert lab.underlay("reset", "--yes").code == 0
