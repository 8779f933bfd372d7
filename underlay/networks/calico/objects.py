"""Objects of Calico's kinds, and why they are written as they are.

Calico's own kinds are written as crd.projectcalico.org/v1, which is where Calico keeps them in both lines. What kubectl
calls projectcalico.org/v3 is served by pods of the network that is to be configured: across racks it would answer only
when the BGP peers written through it are there. The v3 kinds as CRDs, without those pods, are a preview that needs the
feature gate MutatingAdmissionPolicy. Nothing checks objects of v1 beyond their schema, so every key of ours is held
against that schema in the tests, and every key of a site before a host is contacted.
"""

from __future__ import annotations

from typing import Any

from underlay.model.addon import Object

OPERATOR = "operator.tigera.io/v1"
CALICO = "crd.projectcalico.org/v1"
# Where the operator puts calico-node and its Secrets.
NAMESPACE = "calico-system"


def made(api_version: str, kind: str, name: str, spec: dict[str, Any]) -> Object:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, "spec": spec}


def calico(kind: str, name: str, spec: dict[str, Any]) -> Object:
    return made(CALICO, kind, name, spec)


def marked_node(name: str, *, labels: dict[str, str], annotations: dict[str, str]) -> Object:
    """Labels and annotations of a Node; applied server-side, they alone are ours. Calico keeps its own Node resource
    there, its AS number (projectcalico.org/ASNumber) too."""
    metadata = {"name": name, "labels": labels, "annotations": annotations}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {k: v for k, v in metadata.items() if v}}
