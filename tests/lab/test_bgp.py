"""A BGP fabric of real routers: it is verified from both sides, and every fault is named. See `make faults`."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.proof import saw

from .deployed import Deployed
from .fabric import configure
from .waiting import until

pytestmark = [pytest.mark.lab]

# As the fixture's addresses are dealt: racks are 10.94.1 and 10.94.2, routers .1, workers .21 and .22.
W1, W2, TOR1 = "10.94.1.21", "10.94.2.22", "10.94.1.1"
CONVERGED_S = 120.0
BOOT_ID = "cat /proc/sys/kernel/random/boot_id"


@dataclass(frozen=True)
class Fault:
    """`steps` are (host, shell); `told` is what `underlay bgp` has to say, as a pattern."""

    name: str
    steps: tuple[tuple[str, str], ...]
    message: str


TOR_BGP, NODE_BGP = "router bgp 64601", "router bgp 64513"
FAULTS = [
    Fault("AS numbers swapped", (("tor-1", configure(TOR_BGP, f"neighbor {W1} remote-as 64999")),),
          "tor-1 expects AS 64999 from w-1, which is AS 64513"),
    Fault("wrong password", (("tor-1", configure(TOR_BGP, f"neighbor {W1} password other")),
                             ("tor-1", f"vtysh -c 'clear bgp {W1}'")),
          r"the passwords differ: .* dropped TCP segments for their MD5 signature"),
    Fault("TTL security off on one side", (("w-1", configure(NODE_BGP, f"no neighbor {TOR1} ttl-security hops 1")),
                                           ("w-1", f"vtysh -c 'clear bgp {TOR1}'")),
          "TTL security is on at tor-1 and off at w-1"),
    Fault("the peer's BGP is dead", (("w-1", "systemctl stop frr"),), "w-1: FRR does not answer"),
    Fault("a prefix is filtered", (("tor-1", configure("ip prefix-list PODS seq 5 deny 10.244.0.0/16 ge 17 le 32")),),
          r"tor-1 filters 10\.244\.\d\.0/24 \(w-1\) from w-1"),
    Fault("the prefix limit is hit", (("tor-1", configure(TOR_BGP, "address-family ipv4 unicast",
                                                          f"neighbor {W1} maximum-prefix 1")),
                                      ("w-1", "ip route add blackhole 10.244.98.0/24;"
                                              " ip route add blackhole 10.244.99.0/24")),
          "tor-1 closed the session: more prefixes than its limit of 1"),
    Fault("a prefix that is nobody's is announced", (("w-1", "ip route add blackhole 10.244.97.0/24"),),
          r"w-1 announces 10\.244\.97\.0/24, which belongs to no node, and tor-1 accepts it"),
    # Both sides' lists are of prefixes as long as a node's.
    Fault("a pod's address beside its node's subnet",
          (("w-1", configure("ip prefix-list PODS seq 5 permit 10.244.0.0/16 le 32")),
           ("w-1", "own=$(ip -4 -o route show dev cni0 proto kernel | cut -d. -f1-3 | head -n 1);"
                   " ip route add blackhole ${own:?}.7/32")),
          r"w-1 announces 2 prefixes to tor-1, 1 expected: 10\.244\.\d\.7/32 is inside 10\.244\.\d\.0/24 \(w-1\)"),
    Fault("two nodes with one subnet",
          (("w-1", "ip route add blackhole $(ip route show proto bgp | grep -o '10.244.[0-9]*.0/24' | tail -n 1)"),),
          r"w-1 announces 10\.244\.\d\.0/24, which belongs to (cp-1|w-2)"),
    Fault("the same router id twice", (("tor-1", configure(TOR_BGP, "bgp router-id 9.9.9.9")),
                                       ("tor-2", configure("router bgp 64602", "bgp router-id 9.9.9.9"))),
          "tor-1 and tor-2 both have the router id 9.9.9.9"),
    Fault("a session that flaps", (("tor-1", f"for i in 1 2 3 4 5; do vtysh -c 'clear bgp {W1}'; sleep 4; done"),),
          r"the session flaps: established \d+ times in 120 s, last \d+ s ago"),
    Fault("the neighbour is missing on one side", (("tor-1", configure(TOR_BGP, f"no neighbor {W1}")),),
          f"tor-1 has no neighbour {W1} \\(w-1\\) configured"),
]  # fmt: skip


def test_deploys_and_both_sides_agree(fabric: Deployed) -> None:
    run = fabric.deploy()
    assert run.code == 0, run.end
    shown = fabric.underlay("bgp")
    assert shown.code == 0, shown.end
    assert "4 sessions, 0 with problems" in shown.text
    checks = fabric.report()["checks"]
    assert sum(c["area"].startswith("BGP: Established") for c in checks) == 4
    assert any("On the wire" in c["area"] and c["name"] == "w-1 to w-2" for c in checks)
    saw(
        "routed",
        4,
        "a real cluster in the lab, across two racks with FRR routers; capture on the hosts; both sides' view",
    )


def test_second_run_changes_nothing(fabric: Deployed) -> None:
    run = fabric.deploy("--data", "verify=false")
    assert run.code == 0, run.end
    assert run.changes == "none; at most 1 SSH executions on a host"


def test_what_somebody_typed_into_a_router_is_planned_away_and_taken_back(fabric: Deployed) -> None:
    fabric.ssh("tor-1", configure("ip route 203.0.113.0/24 blackhole", TOR_BGP, "timers bgp 5 15"))
    plan = fabric.underlay("plan")
    assert (plan.code, [line for line in plan.text.splitlines() if line.startswith(("tor-1", "  "))]) == (
        2,
        [
            "tor-1: 1 changes",
            "  running configuration frr.service: changed by hand since it was loaded -> as in its file",
        ],
    )
    run = fabric.deploy("--data", "verify=false")
    assert run.code == 0, run.end
    assert run.changes.startswith("tor-1 1;")
    running = fabric.ssh("tor-1", "vtysh -c 'show running-config'")
    assert "203.0.113.0" not in running
    assert "timers bgp 5 15" not in running
    assert fabric.underlay("plan").code == 0
    until(lambda: fabric.underlay("bgp").code == 0, within=CONVERGED_S)


def test_a_speaker_that_restarts_while_its_node_has_no_pod_announces_it_all_the_same(fabric: Deployed) -> None:
    fabric.ssh("w-1", "ip link show cni0 >/dev/null || ip link add cni0 type bridge; systemctl restart frr")
    until(lambda: fabric.underlay("bgp").code == 0, within=CONVERGED_S)


@pytest.mark.parametrize("fault", FAULTS, ids=[f.name for f in FAULTS])
def test_is_named(fabric: Deployed, fault: Fault) -> None:
    try:
        for host, step in fault.steps:
            fabric.ssh(host, step)
        message = until(lambda: reported(fabric, fault.message), within=CONVERGED_S)
    finally:
        repair(fabric)
    note(fault.name, message)
    until(lambda: fabric.underlay("bgp").code == 0, within=CONVERGED_S)


def test_a_host_that_is_down_is_named(fabric: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    fabric.ssh("w-2", "(sleep 0.3; systemctl poweroff --force --force) >/dev/null 2>&1 &")
    with monkeypatch.context() as looking:
        looking.setenv("UNDERLAY_LAB_BOOT", "no")
        message = until(lambda: reported(fabric, r"w-2: the host does not answer"), within=CONVERGED_S)
    note("a host is down", message)
    until(lambda: fabric.underlay("bgp").code == 0, within=CONVERGED_S)


def test_a_router_that_reboots_comes_back_to_the_same(fabric: Deployed) -> None:
    before = fabric.ssh("tor-2", BOOT_ID)
    fabric.ssh("tor-2", "(sleep 0.3; systemctl reboot) >/dev/null 2>&1 &")
    until(lambda: rebooted(fabric, "tor-2", before), within=CONVERGED_S)
    until(lambda: fabric.underlay("bgp").code == 0, within=CONVERGED_S)
    # What somebody types from now on is seen too.
    assert fabric.ssh("tor-2", "cat /run/underlay/loaded/frr.service").strip()
    note("a router reboots", "nothing, once it is back: every session is Established again")


def test_a_deploy_killed_between_the_two_sides_is_finished_by_the_next(fabric: Deployed) -> None:
    bgp = fabric.cluster["bgp"] | {"password": "another", "hold_time": 12, "keepalive": 4}
    killed = fabric.deploy_killed("Prepare hosts", after=0.3, bgp=bgp)
    assert killed.code == -9, killed.text
    run = fabric.deploy(bgp=bgp)
    assert run.code == 0, run.end
    for host in ("tor-1", "tor-2", "cp-1", "w-1", "w-2"):
        assert " password another" in fabric.ssh(host, "vtysh -c 'show running-config'")
    assert fabric.underlay("bgp", bgp=bgp).code == 0
    note(
        "the controller is killed between the two sides",
        "nothing after the next deploy: both sides have the new password",
    )


# Every speaker starts anew, from its files; a session counts as one that flaps only since then.
REPAIR = (
    "ip -o route show | grep '^blackhole' | grep -v 'proto 117' | cut -d' ' -f2 |"
    " while read -r p; do ip route del blackhole $p; done; systemctl reset-failed frr; systemctl restart frr"
)


def repair(fabric: Deployed) -> None:
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda host: fabric.ssh(host, REPAIR), ("tor-1", "tor-2", "cp-1", "w-1", "w-2")))


def reported(fabric: Deployed, pattern: str) -> str | None:
    """What `underlay bgp` says that matches, or None yet."""
    run = fabric.underlay("bgp")
    found = re.search(pattern, " ".join(run.text.split()))
    assert run.code in (0, 1), run.text
    return found[0] if found and run.code == 1 else None


def rebooted(fabric: Deployed, host: str, before: str) -> bool:
    try:
        return fabric.ssh(host, BOOT_ID) != before
    except AssertionError:
        return False


def note(fault: str, message: str) -> None:
    """A row of the fault table, where one is being made."""
    if path := os.environ.get("UNDERLAY_FAULTS"):
        with open(path, "a", encoding="utf-8") as file:
            file.write(f"| {fault} | {message} |\n")
