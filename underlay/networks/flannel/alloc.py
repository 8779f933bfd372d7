"""Flannel in clouds whose routes lead to pods: Flannel assigns the subnets, and the cloud routes them."""

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

# Provider -> its mode, without the plugin.
_MODES = {"aws": "aws-vpc", "gce": "gce"}


class FlannelAlloc(Flannel):
    """Shared base of the cloud modes: the backend `alloc`, which makes no link and no route."""

    registered: ClassVar[str] = ""
    provider: ClassVar[str]
    path_mtu_max: ClassVar[int]
    """The largest packet that the cloud's network carries, in bytes."""

    @property
    def traits(self) -> Traits:
        return replace(
            super().traits,
            status=Status.SUBSTITUTE,
            reach=Reach.WITH_ROUTES,
            cloud=self.provider.upper(),
            warning="Flannel dropped this backend in 0.20; it assigns subnets only, and the cloud routes them",
        )

    @property
    def routes(self) -> tuple[Routes, ...]:
        return (Routes.CLOUD,)

    def problems(self, cluster: Cluster) -> list[str]:
        found = super().problems(cluster)
        if cluster.path_mtu > self.path_mtu_max:
            found.append(
                f"path_mtu: larger than {self.provider.upper()} carries (it is {cluster.path_mtu}); "
                f"use {self.path_mtu_max} or less"
            )
        if cluster.cloud is not None and cluster.cloud.provider != self.provider:
            found.append(
                f"cloud.provider: {self.mode} is for {self.provider} (it is {cluster.cloud.provider}); "
                f"use flannel-{_MODES[cluster.cloud.provider]}"
            )
        return found

    def backend(self, cluster: Cluster) -> dict[str, Any]:
        return {"Type": "alloc"}

    def sysctls(self) -> tuple[Sysctl, ...]:
        # With several links, pods' packets may arrive by another than the node's route to their source leads to.
        return (Sysctl("net.ipv4.conf.all.rp_filter", "2"),)

    def wire(self, cluster: Cluster, one: Node, other: Node) -> Wire:
        return Wire(shows=pods_in_the_clear(cluster), never=OVERLAYS)

    def checks(self, cluster: Cluster) -> list[Check]:
        judge = partial(_judge_routes, cluster)
        own = [Check("pod routes are left to the cloud", n.name, ROUTES[4], judge) for n in cluster.nodes]
        return [*super().checks(cluster), *own]


def _judge_routes(cluster: Cluster, output: str) -> str | None:
    found = sorted(r["dst"] for r in pod_routes(output, cluster))
    return f"unexpected pod routes: {', '.join(found)}" if found else None
