"""Traffic of a verification: a server pod on every node, and what each can reach, asked on all nodes side by side."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from shlex import quote
from typing import Any

from underlay.model.capture import Wire
from underlay.model.cluster import Cluster
from underlay.model.packet_header import ip
from underlay.networks.network import Network
from underlay.plan.host_plan import PROBE_IMAGE, Phase
from underlay.resources.objects import KUBECTL

from . import dns_queries, external_clients, readiness, recheck
from .path_matrix import matrix
from .paths import PodPath, paths_from
from .probe_objects import CHOSEN, HOST_PORT, HOST_SERVER, NAME, NAMESPACE, TCP, UDP, probe_objects
from .service_endpoints import gone, service_questions
from .target import Target
from .timeouts import PATIENCE, SETTLE
from .traffic_results import Pod, TrafficResults, answers_in

LANE = "traffic"
_PCAP = {4: "ip", 6: "ip6"}
_HERE = Path(__file__).parent
INSIDE = _HERE.joinpath("pod_exec.sh").read_text()


def start(target: Target, image: str) -> tuple[TrafficResults, dict[str, Any]]:
    """Start the servers and wait until they serve; the Services are by name. A killed run's namespace goes first."""
    document = {"apiVersion": "v1", "kind": "List", "items": probe_objects(target.spec.cluster, image)}
    target.kubectl(f"delete namespace {NAMESPACE} --ignore-not-found --wait=true --timeout=60s", lane=LANE)
    target.kubectl("create -f -", document=document, lane=LANE)
    first = target.host(target.spec.cluster.first.name, lane=LANE)
    # A node counts once its taint of a moment ago is gone; until then the set is complete without it.
    whole = f"--for=jsonpath='{{.status.desiredNumberScheduled}}'={len(target.nodes)} --timeout={int(PATIENCE / 3)}s"
    first.run(f"{KUBECTL} wait -n {NAMESPACE} daemonset/{NAME} {whole}")
    # The default service account is made a moment after the namespace.
    first.run(f"{KUBECTL} rollout status -n {NAMESPACE} daemonset/{NAME} --timeout={int(PATIENCE)}s")
    # Names and Services are asked from the first second on, and what serves them in a new cluster may come later.
    first.run(f"{KUBECTL} rollout status -n kube-system deployment/coredns --timeout={int(PATIENCE)}s")
    readiness.kube_proxies(target, lane=LANE)
    items = json.loads(target.kubectl(f"get pods,services -n {NAMESPACE} -o json", lane=LANE))["items"]
    pods = [i for i in items if i["kind"] == "Pod" and i["metadata"]["labels"]["app"] == NAME]
    measured = TrafficResults()
    for node in target.nodes:
        ready = [p for p in pods if p["spec"].get("nodeName") == node.name and _is_ready(p)]
        if ready:
            addresses = tuple(a["ip"] for a in ready[0]["status"]["podIPs"])
            measured.pods[node.name] = Pod(node.name, ready[0]["metadata"]["name"], addresses)
        else:
            measured.trouble[node.name] = "its server pod is not ready"
    for name, trouble in measured.trouble.items():
        measured.trouble[name] = _why(target, name, pods) or trouble
    return measured, {i["metadata"]["name"]: i["spec"] | i["status"] for i in items if i["kind"] == "Service"}


def image_of(target: Target) -> str:
    """The server's image, as the plan of the hosts has it."""
    plan = target.plans[target.spec.cluster.first.name]
    found = (r for resource in plan.of(Phase.KUBERNETES) for r in getattr(resource, "references", ()))
    return next(str(reference) for reference in found if PROBE_IMAGE in reference)


def stop(target: Target) -> None:
    target.kubectl(f"delete namespace {NAMESPACE} --ignore-not-found --wait=false", lane=LANE)


def measure(target: Target, measured: TrafficResults, services: dict[str, Any]) -> None:
    """Ask every question of every pod, and of the Services from outside, side by side."""
    chosen = next(reversed(measured.pods.values()), None)
    if chosen is None:
        return
    target.kubectl(f"label pod -n {NAMESPACE} {chosen.name} {CHOSEN}=yes", lane=LANE)
    with ThreadPoolExecutor(max_workers=16) as pool:
        jobs = [pool.submit(ask_node, target, measured, node, services) for node in measured.pods]
        jobs += [pool.submit(dns_queries.ask, target, measured, node) for node in measured.pods]
        jobs.append(pool.submit(external_clients.ask, target, measured, services, chosen.node))
        # A host that does not answer any more keeps nobody from telling what the others saw.
        errors = [error for job in jobs if (error := job.exception())]
    for error in errors:
        if not isinstance(error, AssertionError):
            raise error
        who = str(error).partition(" ")[0]
        measured.trouble[who if who in measured.pods else ""] = str(error)
    if not measured.trouble:
        recheck.second_look(measured, partial(ask_again, target, services=services))
    gone(target, measured, services, chosen)
    target.paths[:] = matrix(target.spec.cluster, measured)


def wire(network: Network, cluster: Cluster, way: PodPath) -> Wire | None:
    """What a capture between two nodes has to show, where it can tell."""
    if way.one == way.other:
        return None
    return network.wire(cluster, cluster.node(way.one), cluster.node(way.other))


def shown_by(network: Network, cluster: Cluster, way: PodPath) -> dict[str, str]:
    """What must and must never show in a capture, whether a payload must not be readable, and what is captured where.

    By the names that wire.sh has for it; empty where a capture cannot tell.
    """
    filters = wire(network, cluster, way)
    if filters is None:
        return dict.fromkeys(("shows", "never", "never_sent", "secret", "between", "at"), "")
    one, other = cluster.node(way.one), cluster.node(way.other)
    outer = _outermost(network, cluster, way)
    # The two versions of IP may travel alike, and side by side.
    shows = f"{_PCAP[outer]} and ({filters.shows})" if way.beside else filters.shows
    secret = "yes" if network.traits.encryption else ""
    between = " or ".join(f"(host {a} and host {b})" for a, b in zip(one.addresses, other.addresses, strict=True))
    at = one.addresses[cluster.families.index(outer)] if way.beside else one.address
    return {
        "shows": shows,
        "never": filters.never,
        "never_sent": filters.never_sent,
        "secret": secret,
        "between": between,
        "at": str(at),
    }


def _outermost(network: Network, cluster: Cluster, way: PodPath) -> int:
    """The version of IP that a way's packets begin with between the nodes."""
    headers = network.headers(cluster)
    return next((v for v in _PCAP if headers and headers[0].name == ip(v).name), way.version)


def ask_again(target: Target, measured: TrafficResults, node: str, only: set[str], *, services: dict[str, Any]) -> None:
    """Ask one node some of its questions, and nobody else meanwhile."""
    names = {question for question in only if question.startswith("dns ")}
    if names:
        dns_queries.ask(target, measured, node, names)
    if left := only - names:
        ask_node(target, measured, node, services, left)


def ask_node(
    target: Target, measured: TrafficResults, node: str, services: dict[str, Any], only: set[str] | None = None
) -> None:
    """Ask a node about ways and Services, or of these questions alone; a way is asked whole."""
    ran = target.host(node, lane=LANE).run(_script(target, measured, node, services, only))
    told = answers_in(ran.stdout)
    for question, seen in told.items():
        kind, _, label = question.partition(" ")
        if kind == "speed":
            measured.speeds[node, label] = seen
        elif kind == "capture":
            measured.captures[node, label] = seen
        else:
            measured.given[node, question] = seen
    if not told:
        measured.trouble.setdefault(node, ran.stderr.strip()[-300:])


def _script(
    target: Target, measured: TrafficResults, node: str, services: dict[str, Any], only: set[str] | None
) -> str:
    cluster, network = target.spec.cluster, target.spec.network
    own = measured.pods[node]
    found = [w for w in paths_from(cluster, node) if w.other in measured.pods]
    asked = list(service_questions(services))
    if only is not None:
        labels = {question.partition(" ")[2] for question in only}
        found, asked = [w for w in found if w.label in labels], [q for q in asked if q[0] in only]
    ways = [_way(target, measured, way, timed=only is None) for way in found]
    values = {
        "own": own.addresses[0],
        "name": own.name,
        "patience": SETTLE,
        "mtu": network.pod_mtu(cluster),
        "link_mtu": network.link_mtu(cluster),
        "tcp": TCP,
        "udp": UDP,
        "host_port": HOST_PORT,
        "host_server": HOST_SERVER,
        "kubelet": 10250,
        "node_port": services["probe-node"]["ports"][0]["nodePort"],
        "peers": "\n".join(ways),
        "services": "\n".join("|".join(q) for q in asked),
    }
    stated = "".join(f"{name}={quote(str(value))}\n" for name, value in values.items())
    return "\n".join(
        (stated, INSIDE, *(_HERE.joinpath(part).read_text() for part in ("services.sh", "capture.sh", "traffic.sh")))
    )


def _way(target: Target, measured: TrafficResults, way: PodPath, *, timed: bool = True) -> str:
    cluster, network = target.spec.cluster, target.spec.network
    own, other = measured.pods[way.one], measured.pods[way.other]
    index = cluster.families.index(way.version)
    there = str(cluster.node(way.other).addresses[index])
    # How fast it is is measured once, by the first version of IP.
    speed = "yes" if timed and not way.beside else ""
    shown = shown_by(network, cluster, way)
    return "|".join(
        (way.label, other.name, own.addresses[index], other.addresses[index], there, speed, *shown.values())
    )


def _is_ready(pod: dict[str, Any]) -> bool:
    conditions = pod["status"].get("conditions", ())
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _why(target: Target, node: str, pods: list[dict[str, Any]]) -> str:
    """The last warning about a node's server pod."""
    names = {p["metadata"]["name"] for p in pods if p["spec"].get("nodeName") == node}
    if not names:
        return "the DaemonSet has no pod there"
    events = json.loads(target.kubectl(f"get events -n {NAMESPACE} -o json", lane=LANE))["items"]
    told = [e["message"] for e in events if e["involvedObject"]["name"] in names and e["type"] != "Normal"]
    return told[-1][:400] if told else ""
