"""NetworkPolicy as Kubernetes documents it, tested by connections that have to pass and that must not."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

from underlay.model.cluster import Cluster
from underlay.resources.api_server import KUBECTL

from .probe_objects import NAMESPACE, TCP, UDP
from .target import Target
from .timeouts import CONVERGE_S, START_TIMEOUT_S
from .traffic_results import results_in

LANE = "policies"
_SCRIPT = Path(__file__).with_name("network_policies.sh").read_text(encoding="utf-8")
_ROLE = "underlay/role"
_SECOND = " (over IPv6)"


@dataclass(frozen=True)
class PolicyCase:
    """A connection between two pods, by role; `passes` is whether the policies allow it."""

    what: str
    one: str
    other: str
    passes: bool
    protocol: str = "tcp"

    def __str__(self) -> str:
        outcome = "passes" if self.passes else "is blocked"
        return f"{self.what}: {self.one} to {self.other} over {self.protocol.upper()} {outcome}"


CASES = (
    PolicyCase("default deny", "friend", "closed", passes=False),
    PolicyCase("allowed by label", "friend", "labelled", passes=True),
    PolicyCase("allowed by label", "stranger", "labelled", passes=False),
    PolicyCase("allowed by namespace", "friend", "own-namespace", passes=True),
    PolicyCase("allowed by namespace", "friend", "other-namespace", passes=False),
    PolicyCase("ipBlock with except", "friend", "block", passes=True),
    PolicyCase("ipBlock with except", "stranger", "block", passes=False),
    PolicyCase("port", "friend", "port", passes=True),
    PolicyCase("port", "friend", "port", passes=False, protocol="udp"),
    PolicyCase("egress", "inmate", "friend", passes=True),
    PolicyCase("egress", "inmate", "stranger", passes=False),
)
ROLES = tuple(dict.fromkeys(role for case in CASES for role in (case.one, case.other)))


@dataclass(frozen=True)
class RolePod:
    """Where the pod of a role runs; `address_v6` is its second one in a dual-stack cluster."""

    node: str
    address: str
    address_v6: str = ""

    @property
    def addresses(self) -> tuple[str, ...]:
        return (self.address, self.address_v6) if self.address_v6 else (self.address,)


@dataclass(frozen=True)
class PolicyResults:
    """ "ok" or what is wrong with each connection: without any policy, when all have to pass, and with the policies."""

    without: dict[PolicyCase, str]
    enforced: dict[PolicyCase, str]


def measure(target: Target, image: str) -> PolicyResults:
    pods = start(target, image)
    without = probe(target, pods, no_policy=True)
    apply(target, pods)
    return PolicyResults(without, probe(target, pods))


def start(target: Target, image: str, *, roles: Sequence[str] = ROLES) -> dict[str, RolePod]:
    """Start a pod for each role, in the namespace of the verification; the policies are not applied yet."""
    document = {"apiVersion": "v1", "kind": "List", "items": [_pod(role, image) for role in roles]}
    target.kubectl("create -f -", document=document, lane=LANE)
    names = " ".join(f"pod/{role}" for role in roles)
    wait = f"{KUBECTL} wait -n {NAMESPACE} --for=condition=Ready {names} --timeout={int(START_TIMEOUT_S)}s"
    target.host(target.spec.cluster.first.name, lane=LANE).run(wait)
    items = json.loads(target.kubectl(f"get -n {NAMESPACE} {names} -o json", lane=LANE))["items"]
    return {i["metadata"]["name"]: RolePod(i["spec"]["nodeName"], *_addresses(i)) for i in items}


def _addresses(pod: dict[str, Any]) -> tuple[str, ...]:
    return tuple(entry["ip"] for entry in pod["status"].get("podIPs", ())) or ("",)


def apply(target: Target, pods: dict[str, RolePod]) -> None:
    items = policies(target.spec.cluster, pods)
    target.kubectl("create -f -", document={"apiVersion": "v1", "kind": "List", "items": items}, lane=LANE)


def probe(
    target: Target, pods: dict[str, RolePod], cases: Sequence[PolicyCase] = CASES, *, no_policy: bool = False
) -> dict[PolicyCase, str]:
    """The result of each connection, over every IP version of pods: "ok", or what is wrong with it after CONVERGE_S.

    :param no_policy: all have to pass: a connection that never passed proves no policy.
    """
    deadline = time.monotonic() + CONVERGE_S
    while True:
        with ThreadPoolExecutor(max_workers=8) as pool:
            nodes = {pods[c.one].node for c in cases}
            outcomes = dict[str, str]()
            for of_node in pool.map(lambda n: _probe_node(target, pods, cases, n), nodes):
                outcomes |= of_node
        found = {c: _verdict(c, pods, outcomes, passes=no_policy or c.passes) for c in cases}
        if all(result == "ok" for result in found.values()) or time.monotonic() > deadline:
            return found
        time.sleep(0.5)


def _verdict(case: PolicyCase, pods: dict[str, RolePod], outcomes: dict[str, str], *, passes: bool) -> str:
    results = {n: _result(outcomes.get(f"{case}{n}", "no answer"), passes=passes) for n, *_ in _ends(case, pods)}
    return next((f"{result}{name}" for name, result in results.items() if result != "ok"), "ok")


def _ends(case: PolicyCase, pods: dict[str, RolePod]) -> Iterator[tuple[str, str, str]]:
    """The addresses of both ends, once for each IP version, and what sets the second apart."""
    yield from zip(("", _SECOND), pods[case.one].addresses, pods[case.other].addresses, strict=False)


def _result(outcome: str, *, passes: bool) -> str:
    if outcome not in ("passes", "blocked"):
        return outcome
    if (outcome == "passes") is passes:
        return "ok"
    return "the connection passes, expected blocked" if not passes else "the connection is blocked, expected to pass"


def _probe_node(target: Target, pods: dict[str, RolePod], cases: Sequence[PolicyCase], node: str) -> dict[str, str]:
    lines = [
        "|".join((f"{c}{name}", one, other, c.protocol, str(TCP), str(UDP)))
        for c in cases
        if pods[c.one].node == node
        for name, one, other in _ends(c, pods)
    ]
    script = f"connections={quote(chr(10).join(lines))}\n{_SCRIPT}"
    return results_in(target.host(node, lane=LANE).run(script).stdout)


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
        "metadata": {"name": role, "namespace": NAMESPACE, "labels": role_labels(role)},
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": False,
            "tolerations": [{"operator": "Exists"}],
            "containers": [container],
        },
    }


def policies(cluster: Cluster, pods: dict[str, RolePod]) -> list[dict[str, Any]]:
    """A policy for each role that is a target, and one for what `inmate` may reach."""
    blocks = [
        {"ipBlock": {"cidr": str(subnet), "except": [f"{address}/{subnet.max_prefixlen}"]}}
        for subnet, address in zip(cluster.pod_subnets, pods["stranger"].addresses, strict=False)
    ]
    namespace = "kubernetes.io/metadata.name"
    ingress: dict[str, list[dict[str, Any]]] = {
        "closed": [],
        "labelled": [{"from": [{"podSelector": {"matchLabels": role_labels("friend")}}]}],
        "own-namespace": [{"from": [{"namespaceSelector": {"matchLabels": {namespace: NAMESPACE}}}]}],
        "other-namespace": [{"from": [{"namespaceSelector": {"matchLabels": {namespace: "kube-system"}}}]}],
        "block": [{"from": blocks}],
        "port": [{"ports": [{"protocol": "TCP", "port": TCP}]}],
    }
    egress = [{"to": [{"podSelector": {"matchLabels": role_labels("friend")}}]}]
    found = [network_policy(role, "Ingress", {"ingress": rules}) for role, rules in ingress.items()]
    return [*found, network_policy("inmate", "Egress", {"egress": egress})]


def role_labels(role: str) -> dict[str, str]:
    return {_ROLE: role}


def network_policy(role: str, kind: str, rules: dict[str, Any]) -> dict[str, Any]:
    """A NetworkPolicy for the pod of a role; `kind` is "Ingress" or "Egress"."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": role, "namespace": NAMESPACE},
        "spec": {"podSelector": {"matchLabels": role_labels(role)}, "policyTypes": [kind], **rules},
    }
