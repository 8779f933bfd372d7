"""What preflight found and measured, as the data behind its terminal output, its page and its JSON."""

from __future__ import annotations

import time
from typing import Any

from underlay.findings.finding import Finding, verdict
from underlay.preflight.measurements import UNPROBED, Measurements
from underlay.prober.words import OPEN

from .run import Run

SCHEMA = 1


def document(run: Run, findings: list[Finding]) -> dict[str, Any]:
    """`schema`, `verdict`, `findings`, `hosts` in racks, `wire` in sum and `pairs` one by one."""
    cluster, network = run.spec.cluster, run.spec.network
    measured = run.preflight.measured or Measurements()
    paths = measured.paths
    trips = sorted(p.rtt_ms for p in paths.values() if p.rtt_ms is not None)
    states = list(measured.flows.values())
    lanes: dict[tuple[str, str], dict[str, str]] = {pair: {} for pair in paths}
    for flow, state in measured.flows.items():
        if (flow.source, flow.target) in lanes:
            lanes[flow.source, flow.target][flow.lane.title] = state
    return {
        "schema": SCHEMA,
        "cluster": cluster.name,
        "mode": network.mode,
        "verdict": verdict(findings).value,
        "seconds": round(time.monotonic() - run.log.began, 1),
        "findings": [f.as_dict() for f in findings],
        "hosts": [{"name": n.name, "rack": n.rack, "address": str(n.address)} for n in cluster.nodes],
        "wire": {
            "pairs": len(paths),
            "flows": len(states),
            "open": states.count(OPEN),
            "not_probed": states.count(UNPROBED),
            "path_mtu": measured.path_mtu,
            "pod_mtu": network.pod_mtu(cluster),
            "rtt_ms": [trips[0], trips[-1]] if trips else [None, None],
            "packets": sum(p.packets for p in paths.values()),
        },
        "pairs": [
            {
                "from": a,
                "to": b,
                "path_mtu": path.largest or None,
                "rtt_ms": path.rtt_ms,
                "hops": path.hops,
                "hop": path.hop,
                "packets": path.packets,
                "lanes": lanes[a, b],
            }
            for (a, b), path in paths.items()
        ],
        "storage_ms": {host: {"median": t[len(t) // 2], "largest": t[-1]} for host, t in measured.storage.items()},
    }
