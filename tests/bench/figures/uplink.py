"""A top-of-rack router that loses its uplink with traffic running: packets lost, seconds."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tests.bench import machine
from tests.bench.measure import BenchError, say
from tests.bench.options import Options
from tests.bench.table import Row, Section
from tests.lab.light_fabric import LightFabric
from tests.lab.uplink import FLOWS, PER_SECOND, Cut, cut_once, light_fabric, prepare

NAME, NETWORK = "bench-uplink", "10.87.0.0/16"
BFD_MS = 100
SETTLED_S = 300.0
HOW = """\
Two racks of light hosts with two routers each, mode `routed`, BFD every {bfd} ms, three lost are a dead peer. {flows}
flows of {rate} packets a second each go from a pod behind one rack's routers to a pod in the other rack, and back.
The uplink of one of that rack's two routers is cut at the switch: the router sees its link go down, those at its other
end see nothing and learn it by BFD. Counted are the packets of the flow that lost most which did not come back (a flow
on another path loses none), and the longest time it got nothing; next hops are read from the kernels. Every run must
have seen two next hops before, one while the uplink was away, two after, and no packet lost in the last second."""


def measure(options: Options) -> Section:
    """Cut, see, join, settle; once more for each run."""
    with tempfile.TemporaryDirectory(prefix="bench-") as work:
        fabric = light_fabric(NAME, NETWORK, Path(work), bfd_interval=BFD_MS)
        fabric.down()
        try:
            say("uplink: booting two racks with two routers each")
            fabric.up()
            run = fabric.deploy()
            if run.code:
                raise BenchError("uplink: the deploy failed\n" + "\n".join(run.text.splitlines()[-25:]))
            prepare(fabric)
            settle(fabric)
            before = machine.load()
            cuts = [_once(fabric, number) for number in range(1, options.runs + 1)]
        finally:
            if not options.keep:
                fabric.down()
    rows = (
        Row("packets lost, the flow that lost most", "", _all(cuts, "packets"), target="200 / 30"),
        Row("seconds without an answer, the same flow", "s", _all(cuts, "seconds")),
        Row("seconds until no host beside it used the lost path", "s", _all(cuts, "one_left")),
        Row(f"flows that lost packets, of {FLOWS}", "", _all(cuts, "hit")),
        Row("packets lost when the uplink came back", "", _all(cuts, "packets_at_return")),
    )
    how = HOW.format(bfd=BFD_MS, flows=FLOWS, rate=PER_SECOND)
    return Section("uplink", "A lost uplink", how, rows, (machine.load_note(before),), machine.facts())


def refusal(cut: Cut) -> str | None:
    """Why a run shows nothing; None when it counts."""
    for host, hops_by_phase in cut.hops.items():
        if (counts := tuple(len(hops) for hops in hops_by_phase)) != (2, 1, 2):
            return f"{host} had {', '.join(map(str, counts))} next hops before, meanwhile and after, not 2, 1, 2"
    if not cut.hit:
        return "no flow went through the uplink that was cut"
    late = sum(flow.lost_between(cut.ended - 1, cut.ended) for flow in cut.flows)
    return f"{late} packets were lost in the last second" if late else None


def settle(fabric: LightFabric) -> None:
    """Wait until both sides of every session agree.

    :raises BenchError: when they do not in time.
    """
    give_up = time.monotonic() + SETTLED_S
    while (run := fabric.underlay_bgp()).code:
        if time.monotonic() > give_up:
            raise BenchError(f"the fabric does not settle\n{run.text}")
        time.sleep(1)


def _once(fabric: LightFabric, number: int) -> Cut:
    cut = cut_once(fabric)
    if reason := refusal(cut):
        raise BenchError(f"uplink: {reason}")
    say(f"uplink: run {number}, {cut.packets} packets lost in {cut.seconds:.2f} s")
    settle(fabric)
    return cut


def _all(cuts: list[Cut], what: str) -> tuple[float, ...]:
    return tuple(float(getattr(cut, what)) for cut in cuts)
