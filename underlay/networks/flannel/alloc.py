"""Flannel in clouds whose own routes carry pods: it hands out subnets, and the cloud does the rest."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from underlay.model.capture import Wire, pods_in_the_clear
from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.model.routes import Routes
from underlay.model.traits import Reach, Status, Traits
from underlay.resources.sysctl import Sysctl

from .flannel import OVERLAYS, Flannel
from .routes import ROUTES, pod_routes

# The mode of each provider.
_MODES = {"aws": "aws-vpc", "gce": "gce"}


class FlannelAlloc(Flannel):
    """Shared base of clouds: the backend `alloc`, which makes no link and no route."""

    registered: ClassVar[str] = ""
    provider: ClassVar[str]
    path_most: ClassVar[int]
    """The largest packet that the cloud carries, in bytes."""

    @property
    def traits(self) -> Traits:
        return replace(
            super().traits,
            status=Status.SUBSTITUTE,
            reach=Reach.WITH_ROUTES,
            cloud=self.provider.upper(),
            warning="the backend left Flannel in 0.20; it hands out subnets alone, and the cloud's routes lead to them",
        )

    @property
    def routes(self) -> tuple[Routes, ...]:
        return (Routes.CLOUD,)

    def problems(self, cluster: Cluster) -> list[str]:
        found = super().problems(cluster)
        if cluster.path_mtu > self.path_most:
            most = f"{self.provider.upper()} carries; use {self.path_most} or less"
            found.append(f"path_mtu: {cluster.path_mtu} is more than {most}")
        if cluster.cloud is not None and cluster.cloud.provider != self.provider:
            found.append(
                f"cloud.provider: {self.mode} is for {self.provider}, and this is {cluster.cloud.provider}; "
                f"use flannel-{_MODES[cluster.cloud.provider]}"
            )
        return found

    def backend(self, cluster: Cluster) -> dict[str, Any]:
        return {"Type": "alloc"}

    def sysctls(self) -> tuple[Sysctl, ...]:
        # Pods' packets come in by a link that the node's own route to them may not lead to, with several of them.
        return (Sysctl("net.ipv4.conf.all.rp_filter", "2"),)

    def wire(self, cluster: Cluster, one: Node, other: Node) -> Wire:
        return Wire(shows=pods_in_the_clear(cluster), never=OVERLAYS)

    def checks(self, cluster: Cluster) -> list[Check]:
        judge = partial(_judge_routes, cluster)
        own = [Check("the way to pods is left to the cloud", n.name, ROUTES[4], judge) for n in cluster.nodes]
        return [*super().checks(cluster), *own]


def _judge_routes(cluster: Cluster, output: str) -> str | None:
    seen = sorted(r["dst"] for r in pod_routes(output, cluster))
    return f"routes of another hand lead to pods: {', '.join(seen)}" if seen else None
