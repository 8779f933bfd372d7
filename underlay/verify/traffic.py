"""Traffic of a verification: a server pod on every node, and what each can reach, probed on all nodes in parallel."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from underlay.plan.host_plan import PROBE_IMAGE, Phase
from underlay.resources.api_server import KUBECTL

from . import dns_queries, external_clients, recheck
from .path_matrix import matrix
from .probe_objects import CHOSEN, NAME, NAMESPACE, probe_objects
from .progress import say
from .readiness import wait_for_kube_proxy
from .service_endpoints import probe_removed_endpoint
from .target import Target
from .timeouts import START_TIMEOUT_S
from .traffic_results import Pod, TrafficResults, results_in
from .traffic_script import traffic_script

LANE = "traffic"
Services = dict[str, Any]
"""Spec and status of each probe Service, by name."""


def run(target: Target) -> TrafficResults:
    """Start the servers and run every probe; what kept them from it is an error of the results."""
    try:
        measured, services = start(target, image_of(target))
    except (AssertionError, ValueError) as error:
        return TrafficResults(errors={"": str(error)})
    say(f"server pods are ready on {len(measured.pods)} nodes; probing them")
    try:
        measure(target, measured, services)
    except (AssertionError, ValueError) as error:
        measured.errors[""] = str(error)
    return measured


def start(target: Target, image: str) -> tuple[TrafficResults, Services]:
    """Start the servers and wait until they are ready. The namespace of a run that was killed is deleted first."""
    document = {"apiVersion": "v1", "kind": "List", "items": probe_objects(target.spec.cluster, image)}
    target.kubectl(f"delete namespace {NAMESPACE} --ignore-not-found --wait=true --timeout=60s", lane=LANE)
    target.kubectl("create -f -", document=document, lane=LANE)
    _wait_for_rollouts(target)
    items = json.loads(target.kubectl(f"get pods,services -n {NAMESPACE} -o json", lane=LANE))["items"]
    pods = [i for i in items if i["kind"] == "Pod" and i["metadata"]["labels"]["app"] == NAME]
    measured = TrafficResults()
    for node in target.nodes:
        ready = [p for p in pods if p["spec"].get("nodeName") == node.name and _is_ready(p)]
        if ready:
            addresses = tuple(a["ip"] for a in ready[0]["status"]["podIPs"])
            measured.pods[node.name] = Pod(node.name, ready[0]["metadata"]["name"], addresses)
        else:
            measured.errors[node.name] = "its server pod is not ready"
    for name, error in measured.errors.items():
        measured.errors[name] = _last_warning(target, name, pods) or error
    return measured, {i["metadata"]["name"]: i["spec"] | i["status"] for i in items if i["kind"] == "Service"}


def _wait_for_rollouts(target: Target) -> None:
    first, timeout = target.host(target.spec.cluster.first.name, lane=LANE), int(START_TIMEOUT_S)
    # A node counts once its taint of a moment ago is gone; until then the DaemonSet is complete without it.
    complete = f"--for=jsonpath='{{.status.desiredNumberScheduled}}'={len(target.nodes)} --timeout={timeout // 3}s"
    first.run(f"{KUBECTL} wait -n {NAMESPACE} daemonset/{NAME} {complete}")
    # The default service account is made a moment after the namespace.
    first.run(f"{KUBECTL} rollout status -n {NAMESPACE} daemonset/{NAME} --timeout={timeout}s")
    # Names and Services are probed from the first second on, and what serves them in a new cluster may come later.
    first.run(f"{KUBECTL} rollout status -n kube-system deployment/coredns --timeout={timeout}s")
    wait_for_kube_proxy(target, lane=LANE)


def image_of(target: Target) -> str:
    """The server's image, as the plan of the hosts has it."""
    plan = target.plans[target.spec.cluster.first.name]
    found = (r for resource in plan.of(Phase.KUBERNETES) for r in getattr(resource, "references", ()))
    return next(str(reference) for reference in found if PROBE_IMAGE in reference)


def stop(target: Target) -> None:
    target.kubectl(f"delete namespace {NAMESPACE} --ignore-not-found --wait=false", lane=LANE)


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


def _is_ready(pod: dict[str, Any]) -> bool:
    conditions = pod["status"].get("conditions", ())
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _last_warning(target: Target, node: str, pods: list[dict[str, Any]]) -> str:
    """The last warning about a node's server pod."""
    names = {p["metadata"]["name"] for p in pods if p["spec"].get("nodeName") == node}
    if not names:
        return "the DaemonSet has no pod there"
    events = json.loads(target.kubectl(f"get events -n {NAMESPACE} -o json", lane=LANE))["items"]
    warnings = [e["message"] for e in events if e["involvedObject"]["name"] in names and e["type"] != "Normal"]
    return warnings[-1][:400] if warnings else ""
