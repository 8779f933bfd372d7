"""The part of a verification that two machines without Kubernetes can be asked, by the verification's own code."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shlex import quote

from tests.lab.mutation_table import Verdict
from tests.live import test_cluster, test_network
from underlay.checks.leftovers import leftover_checks
from underlay.model.check import Check
from underlay.verify import check_runner, clock_offsets, traffic
from underlay.verify.paths import PodPath
from underlay.verify.traffic_results import answers_in

from .installed_mode import BODY_AT, PORT, InstalledMode
from .site import GUESTS

PAYLOAD = "u" * 32  # what capture.sh looks for
_WIRE = traffic.INSIDE + Path(traffic.__file__).with_name("capture.sh").read_text()
# An emulated machine takes longer than a verification waits, and its pod's server tells a digest of what came.
_ASK = f"""
cp {BODY_AT} "$work/$small"
upload() {{
  seen=$("$1" timeout 60 socat -t 30 - "TCP:$3:$4,connect-timeout=10" <"$work/$2" 2>&1)
  [ "$seen" = "$(sha256sum <"$work/$2")" ] && echo ok || echo "no connection: $(echo "$seen" | brief)"
}}
# The first packet may wait for a tunnel's handshake.
for i in $(seq 10); do in_pod ping -n -c 1 -W 1 "$pod" >/dev/null && break; done
tell "wire $label" "$(captured)"
"""


def verify(installed: InstalledMode) -> Verdict:
    """The wire from both ends, links and routes, leftovers, clocks."""
    began = time.monotonic()
    cluster, network = installed.vm_cluster.cluster, installed.vm_cluster.network
    failed: dict[str, str] = {}
    for asking, messages in (
        (test_network.test_wire, _wires(installed)),
        (test_network.test_mode, _told(installed, network.checks(cluster))),
        (test_network.test_no_other_mode, _told(installed, leftover_checks(cluster, network))),
        (test_cluster.test_clocks, _clocks(installed)),
    ):
        if first := next(messages, None):
            failed[_area(asking)] = first
    return Verdict(failed, time.monotonic() - began)


def _area(asking: Callable[..., None]) -> str:
    return (asking.__doc__ or "").splitlines()[0]


def _told(installed: InstalledMode, checks: Iterable[Check]) -> Iterator[str]:
    for check in checks:
        try:
            check_runner.expect(installed.site, check, lambda *_: None)
        except AssertionError as error:
            yield f"{check.node}: {check.name}: {_first(error)}"


def _wires(installed: InstalledMode) -> Iterator[str]:
    ways = [PodPath(one, other, 4) for one in GUESTS for other in GUESTS if one != other]
    with installed.serving(PAYLOAD), ThreadPoolExecutor(len(ways)) as pool:
        for way, observed in zip(ways, pool.map(lambda w: _wire(installed, w), ways), strict=True):
            if observed != "ok":
                yield f"{way}: {observed}"


def _wire(installed: InstalledMode, way: PodPath) -> str:
    shown = traffic.shown_by(installed.vm_cluster.network, installed.vm_cluster.cluster, way)
    own, pod = installed.pods[way.one], installed.pods[way.other]
    values = {"own": own, "pod": pod, "label": way.label, **shown, "small": "body", "tcp": PORT, "job": 1}
    stated = "".join(f"{name}={quote(str(value))}\n" for name, value in values.items())
    ran = installed.site.host(way.one).run(stated + _WIRE + _ASK)
    return answers_in(ran.stdout).get(f"wire {way.label}", f"no answer: {ran.stderr.strip()[-300:]}")


def _clocks(installed: InstalledMode) -> Iterator[str]:
    names = ("cp-1", *GUESTS)
    observed = clock_offsets.read(installed.site.host, names)
    yield from (f"{name}: {problem}" for name in names if (problem := observed.problem(name)))


def _first(error: AssertionError) -> str:
    return str(error).partition("\n")[0]
