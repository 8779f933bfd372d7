"""NetworkPolicy as Kubernetes documents it, measured by connections that have to pass and that must not."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

from underlay.model.cluster import Cluster
from underlay.resources.objects import KUBECTL

from .probe_objects import NAMESPACE, TCP, UDP
from .target import Target
from .timeouts import PATIENCE, SETTLE
from .traffic_results import answers_in

LANE = "policies"
_SCRIPT = Path(__file__).with_name("network_policies.sh").read_text()
_ROLE = "underlay/role"


@dataclass(frozen=True)
class Case:
    """A connection between two pods, by role; `passes` is what the policies say of it."""

    what: str
    one: str
    other: str
    passes: bool
    protocol: str = "tcp"

    def __str__(self) -> str:
        verdict = "passes" if self.passes else "does not pass"
        return f"{self.what}: {self.one} to {self.other} by {self.protocol} {verdict}"


CASES = (
    Case("default deny", "friend", "closed", passes=False),
    Case("allowed by label", "friend", "labelled", passes=True),
    Case("allowed by label", "stranger", "labelled", passes=False),
    Case("allowed by namespace", "friend", "own-namespace", passes=True),
    Case("allowed by namespace", "friend", "other-namespace", passes=False),
    Case("ipBlock with except", "friend", "block", passes=True),
    Case("ipBlock with except", "stranger", "block", passes=False),
    Case("port", "friend", "port", passes=True),
    Case("port", "friend", "port", passes=False, protocol="udp"),
    Case("egress", "inmate", "friend", passes=True),
    Case("egress", "inmate", "stranger", passes=False),
)
ROLES = tuple(dict.fromkeys(role for case in CASES for role in (case.one, case.other)))


@dataclass(frozen=True)
class Place:
    """Where the pod of a role runs."""

    node: str
    address: str


def start(target: Target, image: str) -> dict[str, Place]:
    """Start a pod for each role, in the namespace that stands already; all of them serve and no policy is laid yet."""
    document = {"apiVersion": "v1", "kind": "List", "items": [_pod(role, image) for role in ROLES]}
    target.kubectl("create -f -", document=document, lane=LANE)
    names = " ".join(f"pod/{role}" for role in ROLES)
    wait = f"{KUBECTL} wait -n {NAMESPACE} --for=condition=Ready {names} --timeout={int(PATIENCE)}s"
    target.host(target.spec.cluster.first.name, lane=LANE).run(wait)
    items = json.loads(target.kubectl(f"get -n {NAMESPACE} {names} -o json", lane=LANE))["items"]
    return {i["metadata"]["name"]: Place(i["spec"]["nodeName"], i["status"].get("podIP", "")) for i in items}


def lay(target: Target, places: dict[str, Place]) -> None:
    items = policies(target.spec.cluster, places)
    target.kubectl("create -f -", document={"apiVersion": "v1", "kind": "List", "items": items}, lane=LANE)


def ask(
    target: Target, places: dict[str, Place], cases: Sequence[Case] = CASES, *, open_: bool = False
) -> dict[Case, str]:
    """What became of each connection: "ok", or what was seen instead once patience is at its end.

    :param open_: all have to pass, as before a policy is laid: a connection that never passed proves no policy.
    """
    until = time.monotonic() + SETTLE
    while True:
        with ThreadPoolExecutor(max_workers=8) as pool:
            nodes = {places[c.one].node for c in cases}
            seen = dict[str, str]()
            for told in pool.map(lambda n: _ask_node(target, places, cases, n), nodes):
                seen |= told
        found = {c: _verdict(seen.get(str(c), "no answer"), passes=open_ or c.passes) for c in cases}
        if all(v == "ok" for v in found.values()) or time.monotonic() > until:
            return found
        time.sleep(0.5)


def _verdict(seen: str, *, passes: bool) -> str:
    if seen not in ("passes", "does not"):
        return seen
    return (
        "ok" if (seen == "passes") is passes else f"the connection {'passes' if seen == 'passes' else 'does not pass'}"
    )


def _ask_node(target: Target, places: dict[str, Place], cases: Sequence[Case], node: str) -> dict[str, str]:
    lines = [
        "|".join((str(c), places[c.one].address, places[c.other].address, c.protocol, str(TCP), str(UDP)))
        for c in cases
        if places[c.one].node == node
    ]
    return answers_in(target.host(node, lane=LANE).run(f"asked={quote(chr(10).join(lines))}\n{_SCRIPT}").stdout)


def _pod(role: str, image: str) -> dict[str, Any]:
    container = {
        "name": "role",
        "image": image,
        "args": ["netexec", f"--http-port={TCP}", f"--udp-port={UDP}"],
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": TCP}, "periodSeconds": 1},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": role, "namespace": NAMESPACE, "labels": {_ROLE: role}},
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": False,
            "tolerations": [{"operator": "Exists"}],
            "containers": [container],
        },
    }


def policies(cluster: Cluster, places: dict[str, Place]) -> list[dict[str, Any]]:
    """A policy for each role that is a target, and one for what the inmate may reach."""
    subnet = str(cluster.pod_subnet)
    alone = f"{places['stranger'].address}/{cluster.pod_subnet.max_prefixlen}"
    namespace = "kubernetes.io/metadata.name"
    ingress: dict[str, list[dict[str, Any]]] = {
        "closed": [],
        "labelled": [{"from": [{"podSelector": {"matchLabels": {_ROLE: "friend"}}}]}],
        "own-namespace": [{"from": [{"namespaceSelector": {"matchLabels": {namespace: NAMESPACE}}}]}],
        "other-namespace": [{"from": [{"namespaceSelector": {"matchLabels": {namespace: "kube-system"}}}]}],
        "block": [{"from": [{"ipBlock": {"cidr": subnet, "except": [alone]}}]}],
        "port": [{"ports": [{"protocol": "TCP", "port": TCP}]}],
    }
    egress = [{"to": [{"podSelector": {"matchLabels": {_ROLE: "friend"}}}]}]
    found = [_policy(role, "Ingress", {"ingress": rules}) for role, rules in ingress.items()]
    return [*found, _policy("inmate", "Egress", {"egress": egress})]


def _policy(role: str, kind: str, rules: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": role, "namespace": NAMESPACE},
        "spec": {"podSelector": {"matchLabels": {_ROLE: role}}, "policyTypes": [kind], **rules},
    }
