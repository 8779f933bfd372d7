"""What tells one Flannel mode from another on a node: the backend it registered, and the links it made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from underlay.model.check import Check
from underlay.model.cluster import Cluster

# The kubelet may read its own Node. pkg/subnet/kube/annotations.go of Flannel has the name.
_ANNOTATION = (
    "kubectl --kubeconfig=/etc/kubernetes/kubelet.conf get node {node} "
    "-o 'jsonpath={{.metadata.annotations.flannel\\.alpha\\.coreos\\.com/backend-type}}'"
)
_LINKS = "ip -json link show"


def backend_checks(cluster: Cluster, backend: str) -> Iterator[Check]:
    """Every node runs this backend; "" for those that register none."""
    for node in cluster.nodes:
        yield Check("Flannel's backend", node.name, _ANNOTATION.format(node=node.name), partial(_judge, backend))


def link_checks(cluster: Cluster, links: tuple[str, ...]) -> Iterator[Check]:
    """Every node has exactly these links of Flannel's."""
    for node in cluster.nodes:
        yield Check("Flannel's links", node.name, _LINKS, partial(_judge_links, links))


def link_problem(output: str, kind: str, **wanted: Any) -> str | None:
    """What is wrong with a link of `ip -json -details link show NAME`; `mtu` is the least it may be."""
    link = json.loads(output)[0]
    info = link.get("linkinfo", {})
    seen = {"kind": info.get("info_kind", "none"), "mtu": link["mtu"], "up": "UP" in link["flags"]}
    seen |= {name: info.get("info_data", {}).get(name) for name in wanted if name not in seen}
    must = {"kind": kind, "up": True, **wanted}
    wrong = [n for n, value in must.items() if seen[n] != value and not (n == "mtu" and seen[n] > value)]
    told = ", ".join(f"{name} {seen[name]}, not {must[name]}" for name in wrong)
    return f"{link['ifname']} has {told}" if wrong else None


def _judge(backend: str, output: str) -> str | None:
    seen = output.strip()
    return None if seen == backend else f"flanneld runs the backend {seen or 'without a name'}, not {backend or 'that'}"


def _judge_links(wanted: tuple[str, ...], output: str) -> str | None:
    seen = {link["ifname"] for link in json.loads(output) if link["ifname"].startswith("flannel")}
    missing, more = sorted(set(wanted) - seen), sorted(seen - set(wanted))
    told = [f"{', '.join(more)} of another mode is there"] if more else []
    told += [f"{', '.join(missing)} is missing"] if missing else []
    return "; ".join(told) or None
