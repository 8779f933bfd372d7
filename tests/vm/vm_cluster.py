"""What the project would install of a mode on these machines: nothing here is a copy of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from underlay.artifacts.home import bundle_directory
from underlay.inventory.spec import Spec, read_spec
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.networks.network import Network
from underlay.networks.registry import modes
from underlay.plan.host_plan import Phase, plans
from underlay.resources.file import File
from underlay.resources.kernel_module import KernelModule
from underlay.resources.resource import Resource
from underlay.resources.sysctl import Sysctl
from underlay.run.artifacts import artifacts_of

from .site import GUESTS, Site

# What a machine without kubelet and containerd can have of a host's plan.
_KINDS = (KernelModule, Sysctl, File)


@dataclass(frozen=True)
class VmCluster:
    """An inventory with the machines as workers, read as any other."""

    spec: Spec

    @classmethod
    def of(cls, site: Site, mode: str, **shared: Any) -> VmCluster:
        """The mode with its example's settings."""
        everywhere = {
            "network": {"mode": mode, **modes()[mode].example()},
            "artifacts": {"source": "bundle", "path": str(bundle_directory())},
            "cluster_name": site.lab.name,
            **shared,
        }
        places = {n.name: {"address": str(n.address), "rack": n.rack_name} for n in (*site.lab.nodes, *site.guests)}
        hosts = {name: {**place, **everywhere} for name, place in places.items()}
        return cls(read_spec(hosts, {"control_plane": ("cp-1",), "workers": GUESTS}))

    @property
    def network(self) -> Network:
        return self.spec.network

    @cached_property
    def cluster(self) -> Cluster:
        """The nodes that pods are on: the control plane's host has none of this network."""
        return replace(self.spec.cluster, nodes=self.nodes)

    @property
    def nodes(self) -> tuple[Node, Node]:
        one, other = (self.spec.cluster.node(name) for name in GUESTS)
        return one, other

    def resources(self, name: str) -> list[Resource]:
        """Kernel modules, settings and files of a node, before anything of the network is installed."""
        plan = plans(self.spec, artifacts_of(self.spec, lock=Path()))[name]
        return [r for r in plan.of(Phase.PREPARE) if isinstance(r, _KINDS)]
