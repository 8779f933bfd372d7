"""Verification of a cluster that is well, every check of it: three nodes and ten, and where the time goes."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from tests.bench import machine
from tests.bench.cluster import UNVERIFIED, cluster, deploy
from tests.bench.measure import BenchError, say
from tests.bench.options import Options
from tests.bench.table import Row, Section
from tests.lab.deployed import Deployed

# Nodes -> the lab's network, and the target for the whole command.
SIZES = {3: ("10.88.0.0/16", "40 / 20 s"), 10: ("10.89.0.0/16", "90 / 40 s")}
HOW = """\
The whole command `underlay verify INVENTORY --json`, start-up included, over a cluster of lab hosts in two racks: one
control plane, the rest workers, mode flannel-vxlan. It must end with status 0 and the verdict "verified". Every check
that such a cluster can have is run, the capture on the wire and the 10 MB bodies among them; a skipped one has its
reason. Hosts and controller share this machine's cores: ten nodes are ten control loops and ten kubelets on them."""


@dataclass(frozen=True)
class Verified:
    """Wall seconds of the command, and the report it printed."""

    seconds: float
    report: dict[str, Any]

    def ran(self) -> int:
        return int(self.report["counts"]["passed"])


def measure(options: Options) -> Section:
    """Deploy each size once, verify it once to warm up, then count."""
    found: dict[int, list[Verified]] = {}
    before = machine.load()
    for size, (network, _) in SIZES.items():
        with cluster(f"bench-v{size}", network, workers=size - 1, keep=options.keep) as deployed:
            deploy(deployed, f"verify: the deploy of {size} nodes", *UNVERIFIED)
            verify(deployed)
            found[size] = [verify(deployed) for _ in range(options.runs)]
    rows = tuple(row for size, runs in found.items() for row in _rows(size, runs))
    notes = (machine.load_note(before), *(_longest(size, runs[-1].report) for size, runs in found.items()))
    return Section("verify", "Verification", HOW, rows, notes, machine.facts())


def _rows(size: int, runs: list[Verified]) -> tuple[Row, ...]:
    own = tuple(float(r.report["seconds"]) for r in runs)
    skipped = tuple(float(r.report["counts"]["skipped"]) for r in runs)
    return (
        Row(f"{size} nodes, the whole command", "s", tuple(r.seconds for r in runs), target=SIZES[size][1]),
        Row("of it, from the first check to the report", "s", own),
        Row("of it, the program's start and end", "s", tuple(r.seconds - s for r, s in zip(runs, own, strict=True))),
        Row(f"{size} nodes, checks that ran and passed", "", tuple(float(r.ran()) for r in runs)),
        Row(f"{size} nodes, checks skipped with a reason", "", skipped),
    )


def _longest(size: int, report: dict[str, Any], *, most: int = 5) -> str:
    """Where the time of a run went: the areas that took most of it, by the checks' own clocks."""
    spent: Counter[str] = Counter()
    for check in report["checks"]:
        spent[check["area"]] += check["seconds"]
    areas = ", ".join(f"{area} {seconds:.1f} s" for area, seconds in spent.most_common(most))
    return f"longest of {size} nodes, in the last run: {areas}"


def verify(deployed: Deployed) -> Verified:
    """Verify a cluster that is well.

    :raises BenchError: with what failed, when it is not.
    """
    began = time.monotonic()
    run = deployed.underlay("verify", "--json")
    seconds = time.monotonic() - began
    report = run.document
    failed = [f"{c['area']}, {c['name']}: {c['seen']}" for c in report["checks"] if c["outcome"] == "failed"]
    if run.code or failed:
        raise BenchError("\n".join((f"verify: {report['sentence']}", *failed[:25])))
    done = Verified(seconds, report)
    say(f"verify: {done.ran()} checks of {len(report['nodes'])} nodes, {seconds:.1f} s")
    return done
