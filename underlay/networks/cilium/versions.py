"""The supported versions of Cilium, and what differs between them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from underlay.model.cluster_policy import ClusterPolicySupport

REPOSITORY = "https://helm.cilium.io"
NEWEST = "1.20"


@dataclass(frozen=True)
class Version:
    """`chart` is the exact version of chart and images; `wireguard` what the agent reserves for WireGuard, in bytes.

    `keys` is the file of known chart keys, "" if there is none; `strict_mode` whether the chart has the keys that
    `strict_encryption` sets; `kubernetes` the minor releases it is tested with, from the oldest to the newest;
    `envoy` is the tag of Envoy's image in that chart, "" where it is not known; `cluster_policy` whether the chart has
    the value that has policies of the cluster enforced.
    """

    chart: str
    wireguard: int
    keys: str = ""
    strict_mode: bool = False
    kubernetes: tuple[tuple[int, int], tuple[int, int]] | None = None
    cluster_policy: bool = False
    envoy: str = ""

    def cluster_policy_support(self, values: Mapping[str, Any]) -> ClusterPolicySupport:
        """What becomes of policies of the cluster with these values of the chart."""
        if not self.cluster_policy:
            return ClusterPolicySupport(
                enforced=False, by="", source=f"cilium/cilium#23380: not before 1.20 ({self.chart})"
            )
        enforced = bool(values.get(CLUSTER_POLICY, {}).get("enabled"))
        by = "" if enforced else f"values sets {CLUSTER_POLICY}.enabled"
        return ClusterPolicySupport(enforced=enforced, by=by, source=_SINCE_1_20)


# The chart's value for ClusterNetworkPolicy.
CLUSTER_POLICY = "k8sClusterNetworkPolicy"
_SINCE_1_20 = (
    "Cilium's documentation of 1.20, Kubernetes Network Policy: off by default; its definition is installed by hand "
    "before, and agents wait for it"
)
VERSIONS: dict[str, Version] = {
    # pkg/mtu/mtu.go of v1.20.2: WireguardOverhead; 15 bytes of padding were not counted before (cilium/cilium#45940).
    # docs.cilium.io, Kubernetes compatibility: 1.33 to 1.36 are tested, newer ones work by compatibility.
    "1.20": Version(
        chart="1.20.2",
        wireguard=95,
        keys="cilium-1.20.0.tsv",
        strict_mode=True,
        kubernetes=((1, 33), (1, 36)),
        cluster_policy=True,
        # images/cilium/Dockerfile of v1.20.2: CILIUM_ENVOY_IMAGE.
        envoy="v1.37.6-1789133542-cbec91f666af0bf742da986d43832932dbb26b82",
    ),
    "1.19": Version(chart="1.19.5", wireguard=80),
}


def version_of(text: str) -> Version:
    """The facts of "1.20", or of a release such as "1.20.2".

    :raises ValueError: for any other, with those that are supported.
    """
    found = re.fullmatch(r"([0-9]+[.][0-9]+)([.][0-9]+)?", text)
    if found is None or found[1] not in VERSIONS:
        known = " or ".join(VERSIONS)
        raise ValueError(f"use {known}, or a release of these, such as {VERSIONS[NEWEST].chart}")
    facts = VERSIONS[found[1]]
    if not found[2] or text == facts.chart:
        return facts
    return replace(facts, chart=text, envoy="")
