"""The server pods of a verification: one on every node, started for it or kept from the one before."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from typing import Any

from underlay.plan.host_plan import PROBE_IMAGE, Phase
from underlay.resources.api_server import KUBECTL, LONG_SECONDS

from .probe_objects import CHOSEN, NAME, NAMESPACE, Object, probe_objects
from .readiness import patience_s, wait_for_kube_proxy
from .target import Target
from .traffic_results import Pod, TrafficResults

LANE = "traffic"
KEEP = "UNDERLAY_KEEP_PODS"
"""The variable that is "yes" where pods are kept."""
KEPT = "underlay/kept-pods"
"""The annotation of the namespace whose servers are kept: what they were made from."""
Services = dict[str, Any]
"""Spec and status of each probe Service, by name."""


def start(target: Target, image: str) -> tuple[TrafficResults, Services]:
    """Start the servers and wait until they are ready, or use those that are kept.

    The namespace of a run that was killed is deleted first.
    """
    items = probe_objects(target.spec.cluster, image)
    state = _state(target, items)
    if kept := _kept(target, state):
        return kept
    target.kubectl(f"delete namespace {NAMESPACE} --ignore-not-found --wait=true --timeout={LONG_SECONDS}s", lane=LANE)
    target.kubectl("create -f -", document={"apiVersion": "v1", "kind": "List", "items": items}, lane=LANE)
    _wait_for_rollouts(target)
    measured, services, pods = _read(target)
    for name, error in measured.errors.items():
        measured.errors[name] = _last_warning(target, name, pods) or error
    if _keeps(target) and not measured.errors:
        target.kubectl(f"annotate namespace {NAMESPACE} {KEPT}={state}", lane=LANE)
    return measured, services


def stop(target: Target) -> None:
    """Delete the servers, unless they are to be kept and are whole."""
    if not (_keeps(target) and _kept_state(target)):
        target.kubectl(f"delete namespace {NAMESPACE} --ignore-not-found --wait=false", lane=LANE)


def _keeps(target: Target) -> bool:
    """Whether this verification leaves its servers for the next one, and uses those that are left.

    Where policies are enforced the namespace has them in the end, so it is made anew.
    """
    return os.environ.get(KEEP) == "yes" and not target.spec.enforcer


def _state(target: Target, items: list[Object]) -> str:
    """What the servers depend on: kept ones that were made from something else are not used."""
    cluster, network = target.spec.cluster, target.spec.network
    made_from = [items, network.mode, network.pod_mtu(cluster), [n.name for n in target.nodes]]
    return sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()[:16]


def _kept_state(target: Target) -> str:
    path = f"jsonpath='{{.metadata.annotations.{KEPT}}}'"
    return target.kubectl(f"get namespace {NAMESPACE} --ignore-not-found -o {path}", lane=LANE).strip()


def _kept(target: Target, state: str) -> tuple[TrafficResults, Services] | None:
    """The servers of an earlier verification, where they are to be used, are the same, and all are ready."""
    if not _keeps(target) or _kept_state(target) != state:
        return None
    _wait_for_others(target)
    measured, services, pods = _read(target)
    if measured.errors:
        return None
    if any(CHOSEN in pod["metadata"]["labels"] for pod in pods):  # a run that was killed left it
        target.kubectl(f"label pods -n {NAMESPACE} --all {CHOSEN}-", lane=LANE)
    measured.kept = True
    return measured, services


def _read(target: Target) -> tuple[TrafficResults, Services, list[Object]]:
    """The ready servers, the Services, and every server pod there is."""
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
    services = {i["metadata"]["name"]: i["spec"] | i["status"] for i in items if i["kind"] == "Service"}
    return measured, services, pods


def _wait_for_rollouts(target: Target) -> None:
    first, timeout = target.host(target.spec.cluster.first.name, lane=LANE), int(patience_s(target))
    # A node counts once its taint of a moment ago is gone; until then the DaemonSet is complete without it.
    complete = f"--for=jsonpath='{{.status.desiredNumberScheduled}}'={len(target.nodes)} --timeout={timeout // 3}s"
    first.run(f"{KUBECTL} wait -n {NAMESPACE} daemonset/{NAME} {complete}")
    # The default service account is made a moment after the namespace.
    first.run(f"{KUBECTL} rollout status -n {NAMESPACE} daemonset/{NAME} --timeout={timeout}s")
    _wait_for_others(target)


def _wait_for_others(target: Target) -> None:
    """Names and Services are probed from the first second on, and what serves them in a new cluster may come later."""
    first, timeout = target.host(target.spec.cluster.first.name, lane=LANE), int(patience_s(target))
    first.run(f"{KUBECTL} rollout status -n kube-system deployment/coredns --timeout={timeout}s")
    wait_for_kube_proxy(target, lane=LANE)


def image_of(target: Target) -> str:
    """The server's image, as the plan of the hosts has it."""
    plan = target.plans[target.spec.cluster.first.name]
    found = (r for resource in plan.of(Phase.KUBERNETES) for r in getattr(resource, "references", ()))
    return next(str(reference) for reference in found if PROBE_IMAGE in reference)


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
