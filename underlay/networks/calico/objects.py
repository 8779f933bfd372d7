"""Objects of Calico's kinds, and the API versions they use.

Calico's kinds are applied as crd.projectcalico.org/v1, which is how Calico stores them in both lines. The API
projectcalico.org/v3 is served by pods of the network that is being configured: across racks it would respond only once
the BGP peers applied through it exist. The v3 kinds as CRDs, without those pods, are a preview that needs the feature
gate MutatingAdmissionPolicy. Objects of v1 are validated by their schema only, so the tests validate every key that a
mode sets, and every key of `values` is validated before a host is contacted.
"""

from __future__ import annotations

from typing import Any

from underlay.model.addon import Object

OPERATOR = "operator.tigera.io/v1"
CALICO = "crd.projectcalico.org/v1"
# Where the operator puts calico-node and its Secrets.
NAMESPACE = "calico-system"


def cluster_object(api_version: str, kind: str, name: str, spec: dict[str, Any]) -> Object:
    """A cluster-scoped object."""
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, "spec": spec}


def calico(kind: str, name: str, spec: dict[str, Any]) -> Object:
    """An object of one of Calico's kinds."""
    return cluster_object(CALICO, kind, name, spec)


def marked_node(name: str, *, labels: dict[str, str], annotations: dict[str, str]) -> Object:
    """Labels and annotations of a Node; server-side apply makes Underlay own these only. Calico stores its Node
    resource in them, including the AS number (projectcalico.org/ASNumber)."""
    metadata = {"name": name, "labels": labels, "annotations": annotations}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {k: v for k, v in metadata.items() if v}}
