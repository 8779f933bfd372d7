"""One worker more: whether it costs the same in a small cluster and in a larger one."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from tests.bench import machine
from tests.bench.cluster import UNVERIFIED, cluster, deploy
from tests.bench.measure import BenchError, say
from tests.bench.options import Options
from tests.bench.table import Row, Section
from tests.lab.deployed import Deployed

# nodes -> the lab's name and network
SIZES = {3: ("bench-grow3", "10.84.0.0/16"), 10: ("bench-grow10", "10.85.0.0/16")}
READY_S = 120.0
HOW = """\
The inventory gets one worker more and `pyinfra -y INVENTORY deploy.py --data verify=false` runs; wall time of the whole
command, the boot of the new lab host included, and, from the same start, the time until the API server calls the node
Ready (each look takes about half a second). Both clusters are up at once and grow in turn, so both share the two cores
with all hosts of both. Each counted run adds a further worker: the clusters have {sizes} nodes before. Every run must
end with status 0 and change nothing on any worker that was there."""


@dataclass(frozen=True)
class Grown:
    """One worker added: seconds of the deploy, and seconds until the node was Ready."""

    deployed: float
    ready: float


def measure(options: Options) -> Section:
    """Deploy both clusters, then have them grow in turn."""
    with ExitStack() as stack:
        clusters: dict[int, Deployed] = {}
        for size, (name, network) in SIZES.items():
            clusters[size] = stack.enter_context(cluster(name, network, workers=size - 1, keep=options.keep))
            deploy(clusters[size], f"grow: the first deploy of {size} nodes", *UNVERIFIED)
        before = machine.load()
        runs: dict[int, list[Grown]] = {size: [] for size in SIZES}
        for _ in range(options.runs):
            for size, deployed in clusters.items():
                runs[size].append(_grow(deployed))
    small, large = SIZES
    rows = (
        *_pair("one worker more", [[g.deployed for g in runs[size]] for size in (small, large)], target="1.3 / 1.1"),
        *_pair("one worker more, until Ready", [[g.ready for g in runs[size]] for size in (small, large)]),
    )
    sizes = " and ".join(", ".join(str(size + n) for n in range(options.runs)) for size in SIZES)
    how = HOW.format(sizes=sizes)
    return Section("grow", "One worker more", how, rows, (machine.load_note(before),), machine.facts())


def _pair(what: str, values: list[list[float]], *, target: str = "") -> tuple[Row, Row]:
    small, large = (Row(f"{what}, cluster of {size}", "s", tuple(v)) for size, v in zip(SIZES, values, strict=True))
    ratio = f"{large.median / small.median:.2f}"
    return small, Row(large.what, large.unit, large.values, ratio, target)


def _grow(deployed: Deployed) -> Grown:
    """Add a worker; the deploy may change it and the control plane, and no other host."""
    workers = int(deployed.lab["workers"]) + 1
    deployed.lab["workers"] = workers
    new = f"w-{workers}"
    began = time.monotonic()
    run = deploy(deployed, f"grow: {deployed.name}, {new}", *UNVERIFIED)
    _wait_ready(deployed, new, until=began + READY_S)
    ready = time.monotonic() - began
    say(f"grow: {deployed.name}, {new} is Ready, {ready:.1f} s")
    reason = refusal(run.summary.changed, new)
    if reason:
        raise BenchError(f"grow: {deployed.name}: {reason}")
    return Grown(run.seconds, ready)


def refusal(changed: Mapping[str, int], new: str) -> str | None:
    """Why a run is not one that added a worker and left the others alone; None when it is."""
    if new not in changed:
        return f"nothing was changed on {new}, which was to be added"
    others = sorted(set(changed) - {new, "cp-1"})
    return f"it changed {', '.join(others)} too" if others else None


def _wait_ready(deployed: Deployed, node: str, *, until: float) -> None:
    while not _is_ready(deployed, node):
        if time.monotonic() > until:
            raise BenchError(f"grow: {deployed.name}: {node} is not Ready after {READY_S:.0f} s")


def _is_ready(deployed: Deployed, node: str) -> bool:
    status = "jsonpath={.status.conditions[?(@.type=='Ready')].status}"
    try:
        return deployed.kubectl("get", "node", node, "-o", status).strip() == "True"
    except AssertionError:
        # How the tests' lab tells that kubectl failed: the node may not be known yet.
        return False
