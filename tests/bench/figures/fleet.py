"""What one controller holds: a plan and a deploy that find nothing to do, over 3 to 200 hosts."""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench import machine
from tests.bench.measure import Command, say
from tests.bench.options import Options
from tests.bench.replayed_hosts import Fleet, fleets
from tests.bench.summary import unchanged
from tests.bench.table import Row, Section

# Both ends of a short stretch and of a long one: what a host more costs in each is compared.
SIZES = (3, 50, 153, 200)
HOW = """\
`underlay plan INVENTORY` and `pyinfra -y INVENTORY deploy.py` with `verify = False`, start-up included, over nodes that
lack nothing. They are the addresses of one lab host, behind a real SSH server, that print what such a node would
answer, and run nothing: what is measured is the controller, one process on one core. A host more costs the difference
in CPU seconds between {small} and {large} hosts, and between {small_end} and {large_end}; the ratio has the second over
the first. Memory is the peak of the process tree. Every run must end with status 0 and find nothing to change."""


@dataclass(frozen=True)
class Held:
    """One run: wall and CPU seconds, and peak memory in MB."""

    seconds: float
    cpu: float
    megabytes: float


def measure(options: Options) -> Section:
    """Boot the lab host once, then let the sizes take turns, so that a busy minute affects all of them."""
    plans: dict[int, list[Held]] = {size: [] for size in SIZES}
    deploys: dict[int, list[Held]] = {size: [] for size in SIZES}
    before = machine.load()
    with tempfile.TemporaryDirectory(prefix="bench-") as work, fleets(SIZES, Path(work)) as found:
        for _ in range(options.runs):
            for size, made in zip(SIZES, found, strict=True):
                with made.answering():
                    plans[size].append(_run(made, "plan"))
                    deploys[size].append(_run(made, "deploy"))
    rows = (*_rows("plan", plans), *_rows("deploy that changes nothing", deploys))
    ends = dict(
        zip(("small", "small_end", "large", "large_end"), (SIZES[0], SIZES[2], SIZES[1], SIZES[3]), strict=True)
    )
    return Section(
        "fleet", "What one controller holds", HOW.format(**ends), rows, (machine.load_note(before),), machine.facts()
    )


def _rows(what: str, runs: dict[int, list[Held]]) -> tuple[Row, ...]:
    few, some, many, most = SIZES
    cost = {
        (a, b): tuple(1000 * (y.cpu - x.cpu) / (b - a) for x, y in zip(runs[a], runs[b], strict=True))
        for a, b in ((few, some), (many, most))
    }
    small, large = (Row(f"{what}, a host more from {a} to {b}: CPU", "ms", v) for (a, b), v in cost.items())
    return (
        *(Row(f"{what}, {size} hosts", "s", tuple(r.seconds for r in runs[size])) for size in (few, most)),
        Row(f"{what}, {most} hosts: memory", "MB", tuple(r.megabytes for r in runs[most])),
        small,
        Row(large.what, large.unit, large.values, f"{large.median / small.median:.2f}", "1.2"),
    )


def _run(made: Fleet, what: str) -> Held:
    commands: dict[str, Sequence[str]] = {
        "plan": (str(Path(sys.executable).with_name("underlay")), "plan", str(made.inventory)),
        "deploy": (sys.executable, "-m", "pyinfra", "-y", str(made.inventory), "deploy.py"),
    }
    checks = {"plan": lambda text: _changed(text, len(made.names)), "deploy": unchanged}
    environment = {"PYINFRA_PROGRESS": "off", "PYTHONPATH": os.pathsep.join(sys.path)}
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    run = Command(f"fleet: {what}", commands[what], machine.ROOT, environment, check=checks[what]).run(watch=True)
    seconds = time.monotonic() - began
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    say(f"fleet: {what} of {len(made.names)} hosts, {seconds:.1f} s")
    return Held(seconds, now.ru_utime + now.ru_stime - spent.ru_utime - spent.ru_stime, run.peak_mb)


def _changed(text: str, hosts: int) -> str | None:
    """Why a plan is not one of hosts that lack nothing; None when it is."""
    well = text.count(": no change")
    return None if well == hosts else f"{well} hosts of {hosts} lack nothing"
