"""The cluster as every part of the deploy knows it, whatever its network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from underlay.clouds.settings import CloudSettings

from .bgp import Bgp
from .node import Node
from .proxy import Proxy
from .registry import Registry
from .routes import Routes

# A node's pod subnet, as kube-controller-manager allocates it: prefix length by IP version.
NODE_PREFIX = {4: 24, 6: 64}


@dataclass(frozen=True)
class Cluster:
    """A valid cluster: subnets do not overlap, there is a control plane, every node is distinct.

    `path_mtu` is in bytes, the largest packet that passes between any two nodes. The subnets for IPv6 are there when
    the cluster is dual stack, both or neither; `bgp` when the inventory states it. The three mappings of extra
    configuration are merged over what the deploy writes: a site (or the lab) states its exceptions there.
    """

    name: str
    kubernetes_version: str
    nodes: tuple[Node, ...]
    pod_subnet: IPv4Network | IPv6Network
    service_subnet: IPv4Network | IPv6Network
    control_plane_endpoint: str
    path_mtu: int = 1500
    swap: str = "off"
    ignore_preflight_errors: tuple[str, ...] = ()
    kubelet: Mapping[str, Any] = field(default_factory=dict)
    kube_proxy: Mapping[str, Any] = field(default_factory=dict)
    containerd: Mapping[str, Any] = field(default_factory=dict)
    pod_subnet_v6: IPv6Network | None = None
    service_subnet_v6: IPv6Network | None = None
    bgp: Bgp | None = None
    routes: Routes = Routes.PLUGIN
    cloud: CloudSettings | None = None
    tunnel_offload: bool = True
    proxy: Proxy | None = None
    registries: tuple[Registry, ...] = ()

    @property
    def dual_stack(self) -> bool:
        return self.pod_subnet_v6 is not None

    @property
    def families(self) -> tuple[int, ...]:
        """IP versions of pods' addresses, the primary one first."""
        return (4, 6) if self.dual_stack else (self.pod_subnet.version,)

    @property
    def pod_subnets(self) -> tuple[IPv4Network | IPv6Network, ...]:
        return (self.pod_subnet, *((self.pod_subnet_v6,) if self.pod_subnet_v6 else ()))

    @property
    def service_subnets(self) -> tuple[IPv4Network | IPv6Network, ...]:
        return (self.service_subnet, *((self.service_subnet_v6,) if self.service_subnet_v6 else ()))

    @property
    def api_host(self) -> str:
        """The host of the API endpoint, for programs that run before Services work."""
        return self.control_plane_endpoint.rpartition(":")[0].strip("[]")

    @property
    def api_port(self) -> int:
        return int(self.control_plane_endpoint.rpartition(":")[2])

    @property
    def kube_proxy_mode(self) -> str:
        return str(self.kube_proxy.get("mode", "nftables"))

    @property
    def cgroup_driver(self) -> str:
        return str(self.kubelet.get("cgroupDriver", "systemd"))

    @property
    def control_plane(self) -> tuple[Node, ...]:
        return tuple(n for n in self.nodes if n.is_control_plane)

    @property
    def workers(self) -> tuple[Node, ...]:
        return tuple(n for n in self.nodes if not n.is_control_plane)

    @property
    def first(self) -> Node:
        """The node that `kubeadm init` runs on."""
        return self.control_plane[0]

    @property
    def racks(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(n.rack for n in self.nodes))

    def node(self, name: str) -> Node:
        return next(n for n in self.nodes if n.name == name)

    @property
    def dns_address(self) -> str:
        """The tenth address of the service subnet, where kubeadm puts cluster DNS."""
        return str(self.service_subnet[10])
