"""ClusterNetworkPolicy as sig-network-policy-api documents it, tested by connections: what each tier and action does.

Tiers are read in the order Admin, NetworkPolicy, Baseline; within one, a lower priority comes first.
Source: https://network-policy-api.sigs.k8s.io/api-overview/.
"""

from __future__ import annotations

from typing import Any

from underlay.model.cluster_policy import DEFINITION, GROUP, KIND, PLURAL, VERSION

from . import network_policies
from .network_policies import LANE, PolicyCase, PolicyResults, network_policy, role_labels
from .probe_objects import NAMESPACE, TCP, Object
from .target import Target

CASES = (
    PolicyCase("Admin denies what a NetworkPolicy allows", "visitor", "guarded", passes=False),
    PolicyCase("Admin denies what a NetworkPolicy allows", "auditor", "guarded", passes=True),
    PolicyCase("Admin accepts what a NetworkPolicy denies", "auditor", "vault", passes=True),
    PolicyCase("Admin accepts what a NetworkPolicy denies", "visitor", "vault", passes=False),
    PolicyCase("Admin passes on what it denies others", "auditor", "lobby", passes=True),
    PolicyCase("Admin passes on what it denies others", "visitor", "lobby", passes=False),
    PolicyCase("Admin denies a port", "visitor", "desk", passes=False),
    PolicyCase("Admin denies a port", "visitor", "desk", passes=True, protocol="udp"),
    PolicyCase("Admin denies egress", "confined", "auditor", passes=False),
    PolicyCase("Admin denies egress", "confined", "visitor", passes=True),
    PolicyCase("Baseline denies, unless a NetworkPolicy allows", "visitor", "plain", passes=False),
    PolicyCase("Baseline denies, unless a NetworkPolicy allows", "visitor", "settled", passes=True),
)
ROLES = tuple(dict.fromkeys(role for case in CASES for role in (case.one, case.other)))
_LABEL = {"app.kubernetes.io/managed-by": NAMESPACE}
_NAMESPACE = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}}}


def undefined(target: Target) -> str:
    """Why the cluster cannot have such policies; "" if it can."""
    served = "jsonpath='{.spec.versions[?(@.served==true)].name}'"
    found = target.kubectl(f"get crd {DEFINITION} --ignore-not-found -o {served}", lane=LANE).split()
    if VERSION in found:
        return ""
    return f"the cluster has no definition of {KIND} {VERSION}" + (f" (it serves {', '.join(found)})" if found else "")


def measure(target: Target, image: str) -> PolicyResults:
    """The result of each connection without these policies, and with them; they are gone afterwards.

    They belong to no namespace: those of a run that was killed are deleted first.
    """
    remove(target)
    pods = network_policies.start(target, image, roles=ROLES)
    without = network_policies.probe(target, pods, CASES, no_policy=True)
    try:
        apply(target)
        return PolicyResults(without, network_policies.probe(target, pods, CASES))
    finally:
        remove(target)


def apply(target: Target) -> None:
    document = {"apiVersion": "v1", "kind": "List", "items": policies()}
    target.kubectl("create -f -", document=document, lane=LANE)


def remove(target: Target) -> None:
    selector = ",".join(f"{name}={value}" for name, value in _LABEL.items())
    target.kubectl(f"delete {PLURAL}.{GROUP} -l {selector} --ignore-not-found", lane=LANE)


def policies() -> list[Object]:
    """NetworkPolicies of the namespace of a verification, and policies of the cluster that select its pods alone."""
    everyone: list[dict[str, Any]] = [{}]
    return [
        network_policy("guarded", "Ingress", {"ingress": everyone}),
        network_policy("vault", "Ingress", {"ingress": []}),
        network_policy("settled", "Ingress", {"ingress": everyone}),
        _policy("guarded", ingress=[_rule("Deny", "from", "visitor")]),
        _policy("vault", ingress=[_rule("Accept", "from", "auditor")]),
        _policy("lobby", ingress=[_rule("Pass", "from", "auditor"), _rule("Deny", "from", "")]),
        _policy("desk", ingress=[{**_rule("Deny", "from", "visitor"), "protocols": [_TCP]}]),
        _policy("confined", egress=[_rule("Deny", "to", "auditor")]),
        _policy("plain", tier="Baseline", ingress=[_rule("Deny", "from", "")]),
        _policy("settled", tier="Baseline", ingress=[_rule("Deny", "from", "")]),
    ]


_TCP = {"tcp": {"destinationPort": {"number": TCP}}}


def _policy(role: str, *, tier: str = "Admin", **rules: list[dict[str, Any]]) -> Object:
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": KIND,
        "metadata": {"name": f"{NAMESPACE}-{role}", "labels": _LABEL},
        "spec": {"tier": tier, "priority": 900 + ROLES.index(role), "subject": {"pods": _pods(role)}, **rules},
    }


def _rule(action: str, direction: str, role: str) -> dict[str, Any]:
    """`role` "" stands for every pod of the verification."""
    return {"action": action, direction: [{"pods": _pods(role)}]}


def _pods(role: str) -> dict[str, Any]:
    return {**_NAMESPACE, "podSelector": {"matchLabels": role_labels(role)} if role else {}}
