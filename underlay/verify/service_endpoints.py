"""The probes of Services from inside the cluster, and of one that loses its last endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .probe_objects import CHOSEN, NAME, NAMESPACE, TCP, name_of
from .server_pods import LANE
from .target import Target
from .timeouts import CONVERGE_S
from .traffic_results import Pod, TrafficResults

SHORT_NAMES = (NAME, f"{NAME}.{NAMESPACE}", f"{NAME}.{NAMESPACE}.svc")


def service_probes(services: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Name, kind as services.sh has it, and address or name of each probe."""
    for suffix, address in _cluster_ips(services[NAME]):
        yield f"service{suffix}", "pod", address
        yield f"service-udp{suffix}", "udp", address
        yield f"service-host{suffix}", "host", address
    for suffix, address in _cluster_ips(services["probe-local"]):
        yield f"hairpin{suffix}", "own", address
    yield "sticky", "sticky", services["probe-sticky"]["clusterIP"]
    yield "name", "name", f"{name_of(NAME)}."
    for short in SHORT_NAMES:
        yield f"name {short}", "name", short


def _cluster_ips(service: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The ClusterIPs of a Service, each with the suffix of its probes' names."""
    for address in service.get("clusterIPs", ()):
        yield "" if address == service["clusterIP"] else " secondary", address


def probe_removed_endpoint(target: Target, measured: TrafficResults, services: dict[str, Any], chosen: Pod) -> None:
    """Remove a Service's only endpoint; that pod's node has to stop forwarding to it within seconds."""
    address = services["probe-chosen"]["clusterIP"]
    url = f"http://{f'[{address}]' if ':' in address else address}:{TCP}/hostname"
    host = target.host(chosen.node, lane=LANE)
    before = host.run(f"curl -sSg -m 3 {url}")
    target.kubectl(f"label pod -n {NAMESPACE} {chosen.name} {CHOSEN}-", lane=LANE)
    # Twice in a row: one answer may be lost.
    request = f"curl -sSg -m 1 -o /dev/null {url}"
    loop = f"for i in $(seq {CONVERGE_S * 3}); do {request} || {request} || exit 0; sleep 0.3; done; exit 9"
    after = host.run(loop)
    if before.rc:
        result = f"it did not answer while it had an endpoint: {before.stderr.strip()}"
    else:
        result = "ok" if after.rc == 0 else f"it still answers {CONVERGE_S} s after its only endpoint was removed"
    measured.results["", "removed endpoint"] = result
