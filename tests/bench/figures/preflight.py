"""Preflight over three, twenty-five and fifty light hosts: the whole command, every pair, every packet."""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass
from statistics import median
from typing import Any

from tests.bench import machine
from tests.bench.measure import BenchError, say
from tests.bench.options import Options
from tests.bench.table import Row, Section
from tests.lab.deployed import Deployed

NETWORK = "10.87.0.0/16"
SIZES = (3, 25, 50)
HOW = """\
The whole command `underlay preflight INVENTORY --json` in mode flannel-vxlan over light hosts in three racks: every
directed pair, every port and protocol, the path's MTU, TCP in a VXLAN, all queries of the hosts themselves. It
must find every flow open and every path at 1500 bytes. Packets are those a host sends to one other, answers not
counted. The controller's CPU per host is what fifty hosts cost more than three, start-up left out by that. Hosts and
controller share this machine's cores."""


@dataclass(frozen=True)
class Looked:
    """Wall and CPU seconds of one run, and its JSON."""

    seconds: float
    cpu: float
    document: dict[str, Any]


def measure(options: Options) -> Section:
    """Boot each size once, warm up, then count."""
    found: dict[int, list[Looked]] = {}
    before = machine.load()
    for size in SIZES:
        lab = {"name": "bench-wire", "network": NETWORK, "workers": size - 1, "racks": min(3, size)}
        hosts = Deployed(lab=lab)
        hosts.down()
        try:
            say(f"preflight: booting {size} light hosts")
            _look(hosts)
            found[size] = [_look(hosts) for _ in range(options.runs)]
        finally:
            hosts.down()
    walls = {size: tuple(r.seconds for r in runs) for size, runs in found.items()}
    cpu = {size: median([r.cpu for r in runs]) for size, runs in found.items()}
    most = tuple(max(p["packets"] for p in r.document["pairs"]) for r in found[50])
    usual = tuple(r.document["wire"]["packets"] / r.document["wire"]["pairs"] for r in found[50])
    each = (cpu[50] - cpu[3]) / 47 * 1000
    growth = median(walls[50]) / median(walls[25])
    rows = (
        Row("3 hosts, all of it", "s", walls[3], target="6 / 3 s"),
        Row("25 hosts, 600 directed pairs", "s", walls[25]),
        Row("50 hosts, 2450 directed pairs", "s", walls[50], f"{growth:.1f} x 25 hosts", "25 / 10 s; 4.5 x"),
        Row("packets a directed pair, in the middle", "", usual, target="40 / 20"),
        Row("packets a directed pair, at most", "", tuple(float(m) for m in most)),
        Row("the controller's CPU for each host", "ms", (each,), target="60 / 25 ms"),
    )
    return Section("preflight", "Preflight", HOW, rows, (machine.load_note(before),), machine.facts())


def _look(hosts: Deployed) -> Looked:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    run = hosts.underlay("preflight", "--json")
    seconds = time.monotonic() - began
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    document = run.document
    wire = document["wire"]
    if run.code or wire["open"] != wire["flows"] or wire["path_mtu"] != 1500:
        raise BenchError(f"preflight: not all is well: {wire}, {document['findings']}")
    say(f"preflight: {len(document['hosts'])} hosts, {seconds:.1f} s")
    cpu = now.ru_utime + now.ru_stime - spent.ru_utime - spent.ru_stime
    return Looked(seconds, cpu, document)
