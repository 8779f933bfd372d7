"""The part of a verification that works on two machines without Kubernetes, by the verification's own code."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from tests.lab.mutation_table import Verdict
from tests.live import test_cluster, test_network
from underlay.checks.leftovers import leftover_checks
from underlay.model.check import Check
from underlay.verify import check_runner, clock_offsets
from underlay.verify.captures import capture_variables
from underlay.verify.paths import PodPath
from underlay.verify.traffic_results import results_in
from underlay.verify.traffic_script import CAPTURE, POD_EXEC, shell_variables

from .installed_mode import BODY_AT, PORT, InstalledMode
from .site import GUESTS

PAYLOAD = "u" * 32  # what capture.sh looks for
_WIRE = POD_EXEC + CAPTURE
# An emulated machine takes longer than a verification waits, and its pod's server tells a digest of what came.
_PROBE = f"""
cp {BODY_AT} "$work/$small"
upload() {{
  digest=$("$1" timeout 60 socat -t 30 - "TCP:$3:$4,connect-timeout=10" <"$work/$2" 2>&1)
  [ "$digest" = "$(sha256sum <"$work/$2")" ] && echo ok || echo "no connection: $(echo "$digest" | brief)"
}}
# The first packet may wait for a tunnel's handshake.
for i in $(seq 10); do in_pod ping -n -c 1 -W 1 "$pod" >/dev/null && break; done
result "wire $label" "$(captured)"
"""


def verify(installed: InstalledMode) -> Verdict:
    """The wire from both ends, links and routes, leftovers, clocks."""
    began = time.monotonic()
    cluster, network = installed.vm_cluster.cluster, installed.vm_cluster.network
    failed: dict[str, str] = {}
    for test, failures in (
        (test_network.test_wire, _wires(installed)),
        (test_network.test_mode, _checks(installed, network.checks(cluster))),
        (test_network.test_no_other_mode, _checks(installed, leftover_checks(cluster, network))),
        (test_cluster.test_clocks, _clocks(installed)),
    ):
        if first := next(failures, None):
            failed[_area(test)] = first
    return Verdict(failed, time.monotonic() - began)


def _area(test: Callable[..., None]) -> str:
    return (test.__doc__ or "").splitlines()[0]


def _checks(installed: InstalledMode, checks: Iterable[Check]) -> Iterator[str]:
    for check in checks:
        try:
            check_runner.expect(installed.site, check, lambda *_: None)
        except AssertionError as error:
            yield f"{check.node}: {check.name}: {_first(error)}"


def _wires(installed: InstalledMode) -> Iterator[str]:
    paths = [PodPath(one, other, 4) for one in GUESTS for other in GUESTS if one != other]
    with installed.serving(PAYLOAD), ThreadPoolExecutor(len(paths)) as pool:
        for path, result in zip(paths, pool.map(lambda p: _wire(installed, p), paths), strict=True):
            if result != "ok":
                yield f"{path}: {result}"


def _wire(installed: InstalledMode, path: PodPath) -> str:
    variables = capture_variables(installed.vm_cluster.network, installed.vm_cluster.cluster, path)
    own, pod = installed.pods[path.one], installed.pods[path.other]
    values = {"own": own, "pod": pod, "label": path.label, **variables, "small": "body", "tcp": PORT, "job": 1}
    ran = installed.site.host(path.one).run(shell_variables(values) + _WIRE + _PROBE)
    return results_in(ran.stdout).get(f"wire {path.label}", f"no answer: {ran.stderr.strip()[-300:]}")


def _clocks(installed: InstalledMode) -> Iterator[str]:
    names = ("cp-1", *GUESTS)
    clocks = clock_offsets.read(installed.site.host, names)
    yield from (f"{name}: {problem}" for name in names if (problem := clocks.problem(name)))


def _first(error: AssertionError) -> str:
    return str(error).partition("\n")[0]
