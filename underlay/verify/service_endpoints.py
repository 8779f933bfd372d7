"""What Services are asked from inside, and that one whose last endpoint goes away stops answering."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .probe_objects import CHOSEN, NAME, NAMESPACE, TCP, name_of
from .target import Target
from .timeouts import SETTLE
from .traffic_results import Pod, TrafficResults

LANE = "traffic"
SHORT_NAMES = (NAME, f"{NAME}.{NAMESPACE}", f"{NAME}.{NAMESPACE}.svc")


def service_questions(services: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Name of the question, how services.sh asks it, and whom."""
    for beside, address in _addresses(services[NAME]):
        yield f"service{beside}", "pod", address
        yield f"service-udp{beside}", "udp", address
        yield f"service-host{beside}", "host", address
    for beside, address in _addresses(services["probe-local"]):
        yield f"hairpin{beside}", "own", address
    yield "sticky", "sticky", services["probe-sticky"]["clusterIP"]
    yield "name", "name", f"{name_of(NAME)}."
    for short in SHORT_NAMES:
        yield f"name {short}", "name", short


def _addresses(service: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The ClusterIPs of a Service, each after what is added to the names of its questions."""
    for address in service.get("clusterIPs", ()):
        yield "" if address == service["clusterIP"] else " beside", address


def gone(target: Target, measured: TrafficResults, services: dict[str, Any], chosen: Pod) -> None:
    """Take the Service's only endpoint away; the node of that pod has to stop leading there, within seconds."""
    address = services["probe-chosen"]["clusterIP"]
    url = f"http://{f'[{address}]' if ':' in address else address}:{TCP}/hostname"
    host = target.host(chosen.node, lane=LANE)
    before = host.run(f"curl -sSg -m 3 {url}")
    target.kubectl(f"label pod -n {NAMESPACE} {chosen.name} {CHOSEN}-", lane=LANE)
    # Twice in a row: one answer may be lost.
    asked = f"curl -sSg -m 1 -o /dev/null {url}"
    loop = f"for i in $(seq {SETTLE * 3}); do {asked} || {asked} || exit 0; sleep 0.3; done; exit 9"
    after = host.run(loop)
    if before.rc:
        seen = f"it did not answer while it had an endpoint: {before.stderr.strip()}"
    else:
        seen = "ok" if after.rc == 0 else f"it answers {SETTLE} s after its only endpoint went away"
    measured.given["", "gone"] = seen
