"""The charts that install Calico: upstream's operator, and its CRDs."""

from __future__ import annotations

from typing import Any

from underlay.model.addon import Chart, Release
from underlay.model.cluster_policy import ClusterPolicySupport

REPOSITORY = "oci://quay.io/calico/charts"
OPERATOR_NAMESPACE = "tigera-operator"
# The newest release of each line.
VERSIONS = {"3.32": "v3.32.4", "3.33": "v3.33.1"}
# The operator that each chart installs (github.com/tigera/operator/releases: v1.42.8, v1.44.1).
OPERATORS = {"3.32": "v1.42.8", "3.33": "v1.44.1"}
# What it runs with flexvol and CSI off; since 3.33 one image replaces thirteen, and others' plugins have their own.
IMAGES = {
    "3.32": ("node", "cni", "typha", "kube-controllers", "apiserver"),
    "3.33": ("node", "calico", "third-party-cni-plugins"),
}

# Minor releases of Kubernetes that its vendor tests a line with: docs.tigera.io, system requirements.
TESTED = {"3.32": ((1, 34), (1, 36)), "3.33": ((1, 35), (1, 37))}

CLUSTER_POLICY = ClusterPolicySupport(
    enforced=True,
    by="",
    source="network-policy-api, implementations: the standard fields since Calico v3.32, which no longer reads "
    "AdminNetworkPolicy; the definition comes with its chart of CRDs",
)


def operator(line: str, *, endpoint: tuple[str, int] | None) -> Release:
    """The operator without its own objects: the Installation is applied after it.

    :param line: the line of Calico, e.g. "3.32".
    :param endpoint: host and port of the API without kube-proxy, or None where kube-proxy runs.
    """
    values: dict[str, Any] = {name: {"enabled": False} for name in ("installation", "apiServer", "goldmane", "whisker")}
    if endpoint:
        # Creates the ConfigMap kubernetes-services-endpoint, which the operator passes to calico-node and Typha.
        values["kubernetesServiceEndpoint"] = {"host": endpoint[0], "port": str(endpoint[1])}
    return _release("calico", "tigera-operator", line, values)


def images(line: str, *, registry: str, api_server: bool) -> tuple[str, ...]:
    """What nodes pull, by full names.

    :param registry: of the images that the operator runs, with a slash at its end, as in an Installation.
    """
    names = (name for name in IMAGES[line] if name != "apiserver" or api_server)
    return (
        f"quay.io/tigera/operator:{OPERATORS[line]}",
        *(f"{registry}calico/{name}:{VERSIONS[line]}" for name in names),
    )


def crds(line: str) -> Release:
    """Calico's CRDs, which the operator's chart no longer contains since 3.32."""
    return _release("calico-crds", "crd.projectcalico.org.v1", line, {})


def _release(name: str, chart: str, line: str, values: dict[str, Any]) -> Release:
    return Release(name, OPERATOR_NAMESPACE, Chart(chart, VERSIONS[line], REPOSITORY), values)
