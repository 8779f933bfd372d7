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

from .laid import BODY_AT, PORT, Laid
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


def verify(laid: Laid) -> Verdict:
    """The wire from both ends, links and routes, leftovers, clocks."""
    began = time.monotonic()
    cluster, network = laid.asked.cluster, laid.asked.network
    failed: dict[str, str] = {}
    for asking, told in (
        (test_network.test_wire, _wires(laid)),
        (test_network.test_mode, _told(laid, network.checks(cluster))),
        (test_network.test_no_other_mode, _told(laid, leftover_checks(cluster, network))),
        (test_cluster.test_clocks, _clocks(laid)),
    ):
        if first := next(told, None):
            failed[_area(asking)] = first
    return Verdict(failed, time.monotonic() - began)


def _area(asking: Callable[..., None]) -> str:
    return (asking.__doc__ or "").splitlines()[0]


def _told(laid: Laid, checks: Iterable[Check]) -> Iterator[str]:
    for check in checks:
        try:
            check_runner.expect(laid.site, check, lambda *_: None)
        except AssertionError as error:
            yield f"{check.node}: {check.name}: {_first(error)}"


def _wires(laid: Laid) -> Iterator[str]:
    ways = [PodPath(one, other, 4) for one in GUESTS for other in GUESTS if one != other]
    with laid.serving(PAYLOAD), ThreadPoolExecutor(len(ways)) as pool:
        for way, seen in zip(ways, pool.map(lambda w: _wire(laid, w), ways), strict=True):
            if seen != "ok":
                yield f"{way}: {seen}"


def _wire(laid: Laid, way: PodPath) -> str:
    shown = traffic.shown_by(laid.asked.network, laid.asked.cluster, way)
    own, pod = laid.pods[way.one], laid.pods[way.other]
    values = {"own": own, "pod": pod, "label": way.label, **shown, "small": "body", "tcp": PORT, "job": 1}
    stated = "".join(f"{name}={quote(str(value))}\n" for name, value in values.items())
    ran = laid.site.host(way.one).run(stated + _WIRE + _ASK)
    return answers_in(ran.stdout).get(f"wire {way.label}", f"no answer: {ran.stderr.strip()[-300:]}")


def _clocks(laid: Laid) -> Iterator[str]:
    names = ("cp-1", *GUESTS)
    seen = clock_offsets.read(laid.site.host, names)
    yield from (f"{name}: {problem}" for name in names if (problem := seen.problem(name)))


def _first(error: AssertionError) -> str:
    return str(error).partition("\n")[0]
