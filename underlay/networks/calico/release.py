"""The charts Calico is laid down by: upstream's operator, and the kinds it knows."""

from __future__ import annotations

from typing import Any

from underlay.model.addon import Chart, Release

REPOSITORY = "oci://quay.io/calico/charts"
OPERATOR_NAMESPACE = "tigera-operator"
# The newest of each line; since 3.33 one image (calico/calico) holds what thirteen did.
VERSIONS = {"3.32": "v3.32.4", "3.33": "v3.33.1"}


def operator(line: str, *, endpoint: tuple[str, int] | None) -> Release:
    """The operator alone: what it is to install comes after it, as data of ours.

    :param endpoint: where the API answers without kube-proxy, or None where kube-proxy runs.
    """
    values: dict[str, Any] = {name: {"enabled": False} for name in ("installation", "apiServer", "goldmane", "whisker")}
    if endpoint:
        # Makes the ConfigMap kubernetes-services-endpoint, which the operator hands on to calico-node and Typha.
        values["kubernetesServiceEndpoint"] = {"host": endpoint[0], "port": str(endpoint[1])}
    return _release("calico", "tigera-operator", line, values)


def crds(line: str) -> Release:
    """The kinds. Since 3.32 the operator's chart holds none."""
    return _release("calico-crds", "crd.projectcalico.org.v1", line, {})


def _release(name: str, chart: str, line: str, values: dict[str, Any]) -> Release:
    return Release(name, OPERATOR_NAMESPACE, Chart(chart, VERSIONS[line], REPOSITORY), values)
