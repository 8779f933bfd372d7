"""What distinguishes Flannel modes on a node: the backend that flanneld registered, and the links it made."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.difference import difference, in_words, member_difference

# The kubelet may read its own Node; the name is from Flannel's pkg/subnet/kube/annotations.go.
_ANNOTATION = (
    "kubectl --kubeconfig=/etc/kubernetes/kubelet.conf get node {node} "
    "-o 'jsonpath={{.metadata.annotations.flannel\\.alpha\\.coreos\\.com/backend-type}}'"
)
_LINKS = "ip -json link show"
# As Flannel's backends name their links; an operator's may begin so, too.
_NAME = re.compile(r"flannel(0|[.]ipip|(-v6)?[.][0-9]+|-wg(-v6)?)")


def backend_checks(cluster: Cluster, backend: str) -> Iterator[Check]:
    """Every node runs this backend; "" for backends that register no name."""
    for node in cluster.nodes:
        yield Check("Flannel's backend", node.name, _ANNOTATION.format(node=node.name), partial(_judge, backend))


def link_checks(cluster: Cluster, links: tuple[str, ...]) -> Iterator[Check]:
    """Every node has these Flannel links and no others."""
    for node in cluster.nodes:
        yield Check("Flannel's links", node.name, _LINKS, partial(_judge_links, links))


def link_problem(output: str, kind: str, **expected: Any) -> str | None:
    """What is wrong with a link of `ip -json -details link show NAME`.

    :param kind: the link's type, as `ip` names it.
    :param expected: attributes of the link by their names in info_data; `mtu` is the least it may be, in bytes.
    """
    link = json.loads(output)[0]
    info = link.get("linkinfo", {})
    observed = {
        **info.get("info_data", {}),
        "kind": info.get("info_kind"),
        "mtu": min(link["mtu"], expected.get("mtu", 0)),
        "state": "up" if "UP" in link["flags"] else "down",
    }
    wrong = difference(observed, {"kind": kind, "state": "up", **expected})
    return f"{link['ifname']}: {wrong}" if wrong else None


def _judge(backend: str, output: str) -> str | None:
    return (
        None
        if output.strip() == backend
        else f"backend that flanneld registered: {in_words(output.strip())}, expected {in_words(backend)}"
    )


def _judge_links(expected: tuple[str, ...], output: str) -> str | None:
    observed = [link["ifname"] for link in json.loads(output) if _NAME.fullmatch(link["ifname"])]
    return member_difference(observed, expected) or None
