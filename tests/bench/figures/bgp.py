"""BGP over forty light hosts in four racks: both sides checked, a second run, one node more."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench import machine
from tests.bench.measure import BenchError, say
from tests.bench.options import Options
from tests.bench.summary import unchanged
from tests.bench.table import Row, Section
from tests.lab.deployed import Run
from tests.lab.light_fabric import LightFabric, changed
from underlay.lab.model.topology import Lab

from .uplink import settle

NAME, NETWORK = "bench-bgp", "10.86.0.0/16"
NODES, RACKS = 40, 4
BGP = {"password": "light", "ttl_security": True, "bfd": True, "bfd_interval": 3000}
HOW = """\
{nodes} light hosts and a router for each of {racks} racks, mode `routed`, TCP MD5, TTL security and BFD on. There is no
Kubernetes: a stand-in for the API gives the pod subnets, to the hosts' agents and to the check. The check
is the whole command `underlay bgp INVENTORY`; it must say that every session stands with exactly the prefixes that
belong there, from both sides. The second run is `pyinfra -y` over the part of the plan that BGP is, and must change
nothing on any host. The node more is one that the first deploy left out; hosts touched are those on which the deploy
changed something, by pyinfra's own lines. Wall time of whole commands, start-up included."""


def measure(options: Options) -> Section:
    """Deploy all but one node, then that one, then look and deploy again and again."""
    with tempfile.TemporaryDirectory(prefix="bench-") as work:
        lab = Lab(NAME, control_planes=1, workers=NODES - 1, racks=RACKS, routers=1, network=NETWORK)
        fabric = LightFabric(lab, BGP, Path(work))
        fabric.down()
        try:
            say(f"bgp: booting {len(lab.nodes)} light hosts")
            fabric.up()
            touched = _one_more(fabric)
            settle(fabric)
            before = machine.load()
            checks, agains = [], []
            for number in range(1, options.runs + 1):
                checks.append(_timed(f"check {number}", fabric.underlay_bgp, _disagreement)[0])
                agains.append(_timed(f"second run {number}", fabric.deploy, lambda run: unchanged(run.text))[0])
        finally:
            if not options.keep:
                fabric.down()
    sessions = NODES + RACKS * (RACKS - 1) // 2
    rows = (
        Row(f"{sessions} sessions and their prefixes checked from both sides", "s", tuple(checks), target="15 / 5 s"),
        Row("second run, no change", "s", tuple(agains), target="4 / 2 s"),
        Row("one node more: hosts and routers touched", "", (float(len(touched)),), target="2 (itself, its router)"),
    )
    notes = (machine.load_note(before), f"touched by the node more: {', '.join(sorted(touched))}")
    how = HOW.format(nodes=NODES, racks=RACKS)
    return Section("bgp", "BGP at scale", how, rows, notes, machine.facts())


def _one_more(fabric: LightFabric) -> set[str]:
    new = fabric.nodes[-1]
    fabric.write(without=(new.name,))
    _start(fabric)
    fabric.write()
    _, run = _timed("one node more", fabric.deploy, lambda _run: None)
    touched = changed(run)
    if new.name not in touched:
        raise BenchError(f"bgp: nothing was changed on {new.name}, which was to be added")
    return touched


def _start(fabric: LightFabric) -> None:
    """Deploy to all; forty speakers that start at once on one machine may take longer than systemd gives them."""
    for last in (False, False, True):
        try:
            _timed("the first deploy", fabric.deploy, lambda _run: None)
        except BenchError:
            if last:
                raise
            say("bgp: the first deploy is repeated")
        else:
            return


def _disagreement(run: Run) -> str | None:
    """Why a check is none that found all well."""
    sessions = NODES + RACKS * (RACKS - 1) // 2
    return None if re.search(rf"^{sessions} sessions, 0 with problems$", run.text, re.MULTILINE) else "not all is well"


def _timed(what: str, act: Callable[[], Run], refusal: Callable[[Run], str | None]) -> tuple[float, Run]:
    began = time.monotonic()
    run = act()
    seconds = time.monotonic() - began
    if reason := f"exit status {run.code}" if run.code else refusal(run):
        raise BenchError(f"bgp: {what}: {reason}\n" + _failure(run))
    say(f"bgp: {what}, {seconds:.2f} s")
    return seconds, run


def _failure(run: Run) -> str:
    """The end of a run's output, without what went well."""
    lines = [
        line for line in run.text.splitlines() if not re.search(r" -> |differs|Success|No changes|Ready:|Conn", line)
    ]
    return "\n".join(lines[-40:])
