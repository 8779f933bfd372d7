"""Native routing: routes installed by Cilium, or learned by BGP on the hosts."""

from __future__ import annotations

from dataclasses import dataclass

from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.model.routes import Routes

from .cilium import Cilium
from .data_path import Native
from .routes import learned_problem, route_checks


@dataclass(frozen=True)
class Learned(Native):
    """Every pod route is learned by BGP; Cilium installs none."""

    direct: bool = False

    def checks(self, cluster: Cluster, *, pod_mtu: int) -> list[Check]:
        return route_checks(cluster, _judge)


def native_path(network: Cilium, cluster: Cluster) -> Native:
    """The data path for the cluster's `routes`."""
    return (Learned if cluster.routes is Routes.BGP else Native)(network.native_subnets(cluster))


def _judge(cluster: Cluster, node: Node, output: str) -> str | None:
    return learned_problem(cluster, output)
