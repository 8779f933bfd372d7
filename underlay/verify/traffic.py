"""Traffic of a verification: what the server pod of each node can reach, probed on all nodes in parallel."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from . import dns_queries, external_clients, recheck, server_pods
from .path_matrix import matrix
from .probe_objects import CHOSEN, NAMESPACE
from .progress import say
from .server_pods import LANE, Services
from .service_endpoints import probe_removed_endpoint
from .target import Target
from .traffic_results import TrafficResults, results_in
from .traffic_script import traffic_script


def run(target: Target) -> TrafficResults:
    """Start the servers and run every probe; what kept them from it is an error of the results."""
    try:
        measured, services = server_pods.start(target, server_pods.image_of(target))
    except (AssertionError, ValueError) as error:
        return TrafficResults(errors={"": str(error)})
    say(f"server pods are ready on {len(measured.pods)} nodes; probing them")
    try:
        measure(target, measured, services)
    except (AssertionError, ValueError) as error:
        measured.errors[""] = str(error)
    return measured


def measure(target: Target, measured: TrafficResults, services: Services) -> None:
    """Run every probe of every pod, and those of Services from outside, in parallel."""
    chosen = next(reversed(measured.pods.values()), None)
    if chosen is None:
        return
    target.kubectl(f"label pod -n {NAMESPACE} {chosen.name} {CHOSEN}=yes", lane=LANE)
    with ThreadPoolExecutor(max_workers=16) as pool:
        jobs = [pool.submit(probe_node, target, measured, node, services) for node in measured.pods]
        jobs += [pool.submit(dns_queries.probe, target, measured, node) for node in measured.pods]
        jobs.append(pool.submit(external_clients.probe, target, measured, services, chosen.node))
        # A host that stops answering keeps nobody from reporting the results of the others.
        errors = [error for job in jobs if (error := job.exception())]
    for error in errors:
        if not isinstance(error, AssertionError):
            raise error
        node = str(error).partition(" ")[0]
        measured.errors[node if node in measured.pods else ""] = str(error)
    if not measured.errors:
        recheck.retry_failures(measured, partial(probe_again, target, services=services))
    probe_removed_endpoint(target, measured, services, chosen)
    target.paths[:] = matrix(target.spec.cluster, measured)


def probe_again(target: Target, measured: TrafficResults, node: str, only: set[str], *, services: Services) -> None:
    """Run some probes of one node, with no other running."""
    names = {probe for probe in only if probe.startswith("dns ")}
    if names:
        dns_queries.probe(target, measured, node, names)
    if rest := only - names:
        probe_node(target, measured, node, services, rest)


def probe_node(
    target: Target, measured: TrafficResults, node: str, services: Services, only: set[str] | None = None
) -> None:
    """Probe paths and Services from a node, all or those in `only`; a path is probed as a whole."""
    ran = target.host(node, lane=LANE).run(traffic_script(target, measured, node, services, only))
    results = results_in(ran.stdout)
    for probe, result in results.items():
        kind, _, label = probe.partition(" ")
        if kind == "speed":
            measured.speeds[node, label] = result
        elif kind == "capture":
            measured.captures[node, label] = result
        else:
            measured.results[node, probe] = result
    if not results:
        measured.errors.setdefault(node, ran.stderr.strip()[-300:])
