"""The policy engine of an inventory: its settings, and why it cannot work on a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from underlay.model.cluster import Cluster

BUILT = "v2.1.0"
"""The release that a bundle has: the newest whose Go module can be had. Security flaws of it are published."""
CURRENT = "v2.11.1"
# Issues of cloudnativelabs/kube-router: rules over IPv6 name address sets that do not exist, and none is installed.
_BLIND_TO_IPV6 = {"v2.1.0": "#1653", "v2.6.1": "#1927"}


class PolicyEngineSettings(BaseModel):
    """The variable `network_policy`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: Literal["kube-router"] = Field(description="what enforces NetworkPolicies on every node")
    version: str = Field(
        CURRENT,
        pattern=r"^v2\.[0-9]+\.[0-9]+$",
        description=f"the engine's release; a bundle has {BUILT}, of which security flaws are published: for labs",
    )

    def problems(self, cluster: Cluster, *, mode: str, enforcer: str) -> Iterator[str]:
        """Why it cannot work on this cluster, each as `<setting>: <what is wrong> (<what it is>); <remedy>`.

        :param enforcer: what enforces NetworkPolicies in the mode itself; "" where nothing does.
        """
        if enforcer:
            yield f"network_policy: {mode} enforces NetworkPolicies itself ({enforcer}); leave it out"
        if 6 in cluster.families and (issue := _BLIND_TO_IPV6.get(self.version)):
            yield (
                f"network_policy.version: {self.version} enforces no policies over IPv6 ({issue} of {self.engine}); "
                f"use {CURRENT}, or remove the IPv6 subnets"
            )
        for part in ("iptables", "nftables"):
            settings = cluster.kube_proxy.get(part)
            if isinstance(settings, Mapping) and settings.get("masqueradeAll"):
                yield (
                    f"kube_proxy.{part}.masqueradeAll: hides the source of requests from {self.engine}; remove it, "
                    "or network_policy"
                )
