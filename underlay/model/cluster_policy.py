"""Whether a mode enforces policies of the whole cluster: ClusterNetworkPolicy, which was AdminNetworkPolicy before."""

from __future__ import annotations

from dataclasses import dataclass

KIND, PLURAL, GROUP, VERSION = "ClusterNetworkPolicy", "clusternetworkpolicies", "policy.networking.k8s.io", "v1alpha2"
"""The kind as the modes here read it; AdminNetworkPolicy was v1alpha1 of the same group."""
DEFINITION = f"{PLURAL}.{GROUP}"
"""The name of its CustomResourceDefinition, which Kubernetes does not bring."""


@dataclass(frozen=True)
class ClusterPolicySupport:
    """`enforced` is whether it is as configured; `by` names what has to be set where it can be, or why it is not;
    `source` is upstream's word, and says of which version."""

    enforced: bool
    by: str
    source: str

    @property
    def word(self) -> str:
        """For a table: "yes", what it takes, or "no"."""
        if self.enforced:
            return "yes"
        return f"if {self.by}" if self.by else "no"


NOBODY = ClusterPolicySupport(
    enforced=False, by="", source="the mode enforces no policies, and upstream lists no engine of Underlay's"
)
