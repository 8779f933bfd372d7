"""An ordinary report: a test starts here and changes one thing."""

from __future__ import annotations

from typing import Any

from underlay.report.document import CheckResult, EvidenceText, PhaseTime, Report, ReportedFinding
from underlay.report.observed import (
    ObservedHop,
    ObservedLink,
    ObservedNetwork,
    ObservedNode,
    ObservedPath,
    ObservedRouter,
    ObservedSession,
)
from underlay.report.outcome import counts_of, is_verified, proven, sentence, unproven

NODES = {"cp-1": ("control-plane", "rack-1", "192.0.2.1"), "w-1": ("worker", "rack-1", "192.0.2.2"), "w-2": ("worker", "rack-2", "192.0.2.3")}  # fmt: skip


def node(name: str, **changed: Any) -> ObservedNode:
    role, rack, address = NODES[name]
    number = list(NODES).index(name)
    fields: dict[str, Any] = {
        "version": "v1.37.2",
        "state": "Ready",
        "role": role,
        "rack": rack,
        "address": address,
        "system": "Debian GNU/Linux 13",
        "kernel": "6.12.48",
        "runtime": "containerd://2.2.0",
        "pod_subnets": [f"10.244.{number}.0/24"],
        "links": [
            ObservedLink(name="eth0", kind="veth", mtu=1500, up=True),
            ObservedLink(name="tun7", kind="vxlan", mtu=1450, up=True),
        ],
        "hops": [
            ObservedHop(to=n, link="tun7", kind="vxlan", via=f"10.244.{i}.0") for i, n in enumerate(NODES) if n != name
        ],
    }
    return ObservedNode(**{**fields, **changed})


def path(one: str, other: str, **changed: Any) -> ObservedPath:
    racks = {NODES[one][1], NODES[other][1]}
    kind = "same node" if one == other else ("same rack" if len(racks) == 1 else "across racks")
    fields = {
        "from": one,
        "to": other,
        "class": kind,
        "checks": {"tcp": "ok", "udp": "ok", "largest packet": "ok"},
        "latency_ms": 0.2,
        "throughput_mbit": 4000.0,
        "host_latency_ms": 0.1,
        "host_throughput_mbit": 8000.0,
    }
    return ObservedPath.model_validate({**fields, **changed})


def check(area: str, name: str, outcome: str = "passed", detail: str = "", **changed: Any) -> CheckResult:
    fields: dict[str, Any] = {
        "group": "Network",
        "area": area,
        "name": name,
        "outcome": outcome,
        "detail": detail,
        "seconds": 0.25,
    }
    return CheckResult(**{**fields, **changed})


CHECKS = [
    check("Exactly the inventory's hosts are nodes", "the cluster", group="Cluster"),
    *(check("Host state", f"{n}: sysctl net.ipv4.ip_forward", group="Hosts", hosts=[n]) for n in NODES),
    *(check("Pod to pod over TCP", f"{a} to {b}", hosts=[a, b], evidence=[EvidenceText(name="curl", text="200 OK")]) for a in NODES for b in NODES),
    check("A LoadBalancer answers", "the cluster", "skipped", "no provider of LoadBalancers is there", group="Services"),
]  # fmt: skip


def report(*, checks: list[CheckResult] | None = None, **changed: Any) -> Report:
    """Verified, unless `checks` have a failed one."""
    checks = CHECKS if checks is None else checks
    cut_short = str(changed.get("cut_short", ""))
    counts = counts_of(checks)
    fields: dict[str, Any] = {
        "schema": 2,
        "verdict": "verified" if is_verified(counts, cut_short=cut_short) else "failed",
        "sentence": sentence(counts, cut_short=cut_short),
        "counts": counts,
        "proven": proven(checks),
        "unproven": unproven(checks),
        "cluster": "demo",
        "time": "2026-11-25T04:00:00Z",
        "seconds": 14.2,
        "network": ObservedNetwork(mode="some-overlay", data_path="VXLAN between nodes", pod_subnet="10.244.0.0/16", pod_mtu=1450, path_mtu=1500),
        "versions": {"Kubernetes": ["v1.37.2"], "coredns": ["v1.14.0"]},
        "nodes": {n: node(n) for n in NODES},
        "phases": [PhaseTime(name="Prepare hosts", seconds=3.5), PhaseTime(name="Verify", seconds=14.2)],
        "paths": [path(a, b) for a in NODES for b in NODES],
        "checks": checks,
    }  # fmt: skip
    return Report(**{**fields, **changed})


def with_failure() -> Report:
    """One path is broken, and preflight had a finding about one host."""
    detail = "10.244.2.5:8080 does not answer from w-1's pod (curl: 28); look at tun7 on w-1 and w-2"
    broken = check("Pod to pod over TCP", "w-1 to w-2", "failed", detail, hosts=["w-1", "w-2"], evidence=[EvidenceText(name="ip route", text="<default> via 192.0.2.254")])  # fmt: skip
    checks = [broken if c.key == broken.key else c for c in CHECKS]
    paths = [
        path(a, b, **({"checks": {"tcp": detail, "udp": "ok"}} if (a, b) == ("w-1", "w-2") else {}))
        for a in NODES
        for b in NODES
    ]
    finding = ReportedFinding(
        code="swap-kept", severity="warning", where="w-1", text="swap is on", accepted="swap = keep"
    )
    return report(checks=checks, paths=paths, findings=[finding])


def with_routers() -> Report:
    """Two routers in each rack, routes by BGP instead of tunnels; one session is down."""
    routers = {
        f"tor-{i}": ObservedRouter(
            rack=f"rack-{1 + i // 3}", address=f"192.0.2.{250 + i}", as_number=64600 + i, managed=True
        )
        for i in (1, 2, 3, 4)
    }
    sessions = [
        ObservedSession(one=n, other=r, one_as=64512, other_as=x.as_number, state="Established")
        for n, (_, rack, _) in NODES.items() for r, x in routers.items() if x.rack == rack
    ]  # fmt: skip
    sessions[3] = ObservedSession(
        one="w-1",
        other="tor-2",
        one_as=64512,
        other_as=64602,
        state="Active / no neighbour",
        problem="tor-2 has no neighbour 192.0.2.2 (w-1) configured",
    )
    sessions += [
        ObservedSession(one="tor-1", other=f"tor-{i}", one_as=64601, other_as=64600 + i, state="Established")
        for i in (2, 3, 4)
    ]
    nodes = {
        n: node(
            n,
            links=[ObservedLink(name="eth0", mtu=1500, up=True)],
            hops=[ObservedHop(to=o, link="eth0", via="192.0.2.251") for o in NODES if o != n],
        )
        for n in NODES
    }
    return report(routers=routers, sessions=sessions, nodes=nodes)
