"""Three nodes from nothing to verified, with the binaries and the base image there."""

from __future__ import annotations

from tests.bench import machine
from tests.bench.cluster import Deploy, cluster, deploy, phase_rows
from tests.bench.measure import BenchError, say
from tests.bench.options import Options
from tests.bench.table import Row, Section

NAME, NETWORK = "bench-up", "10.83.0.0/16"
HOW = """\
`pyinfra -y INVENTORY deploy.py` with no lab up: it boots three hosts in two racks (within Connect), makes them a
cluster and verifies it; wall time of the whole command. Binaries, base image and unpacked images are there, as after a
first `make lab`. Every run must end with status 0, with every check of the verification passed, and with changes on
every host; the lab is taken down in between. By hand, one step after another, with the images imported the naive way
and nothing verified, it took 93 s: an earlier figure, not of this run."""


def measure(options: Options) -> Section:
    """Boot, deploy, verify, take down; once more for each run."""
    before = machine.load()
    runs = [_once(number, options) for number in range(1, options.runs + 1)]
    rows = (
        Row("three nodes from nothing to verified", "s", tuple(run.seconds for run in runs), target="100 / 60 s"),
        *phase_rows(runs),
    )
    notes = (machine.load_note(before), f"the verification is {runs[-1].summary.checks} checks")
    return Section("bring-up", "Three nodes from nothing to verified", HOW, rows, notes, machine.facts())


def _once(number: int, options: Options) -> Deploy:
    last = number == options.runs
    with cluster(NAME, NETWORK, workers=2, keep=options.keep and last) as deployed:
        run = deploy(deployed, f"bring-up: run {number} of {options.runs}")
        verdict = deployed.report()["verdict"]
        untouched = {"cp-1", "w-1", "w-2"} - set(run.summary.changed)
    if verdict != "verified" or not run.summary.checks:
        raise BenchError(f"bring-up: the report's verdict is {verdict!r}, after {run.summary.checks} checks")
    if untouched:
        raise BenchError(f"bring-up: not from nothing; nothing was changed on {', '.join(sorted(untouched))}")
    say(f"bring-up: {run.summary.checks} checks, verified")
    return run
