"""What all Flannel modes share: the objects, the CNI configuration, the prerequisites."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from underlay.model.addon import Addon, Rollout
from underlay.model.attachment import Attachment
from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.footprint import LinkKind, Traces
from underlay.model.node import Node
from underlay.model.prerequisites import Port, Prerequisites
from underlay.model.traits import Reach, Status, Traits
from underlay.networks.network import Network
from underlay.networks.unmanaged import unmanaged
from underlay.resources.kernel_module import KernelModule
from underlay.resources.packages import Packages
from underlay.resources.sysctl import Sysctl

from . import retired
from .adoption import ADDRESSES, CNI_NAME, SCRATCH, adoption
from .checks import backend_checks, link_checks
from .objects import NAME, NAMESPACE, objects

VERSION = "v0.28.10"
PLUGIN_VERSION = "v1.9.1-flannel3"
IMAGE = f"ghcr.io/flannel-io/flannel:{VERSION}"
PLUGIN_IMAGE = f"ghcr.io/flannel-io/flannel-cni-plugin:{PLUGIN_VERSION}"
OVERLAYS = "udp port 8472 or udp port 8285 or udp port 51820 or proto 4"
"""A pcap filter for the packets of all modes with an overlay."""

_LINK_KINDS = (
    LinkKind("cni0", ("bridge",), shared=True),
    LinkKind("flannel.ipip", ("ipip",)),
    LinkKind("flannel0", ("tun",)),
    LinkKind("flannel-wg*", ("wireguard",)),
    *(LinkKind(name, ("vxlan",)) for name in ("flannel.*", "flannel-v6.*")),
)


class Flannel(Network):
    """Shared base: flanneld as one DaemonSet, pod subnets from each Node's podCIDR, the bridge plugin on every host."""

    retired_modes: ClassVar[Mapping[str, str]] = retired.MODES
    retired_settings: ClassVar[Mapping[str, str]] = retired.SETTINGS
    families: ClassVar[tuple[int, ...]] = (4,)
    """IP versions that the backend carries (Documentation/configuration.md, "Dual-stack")."""
    registered: ClassVar[str]
    """The backend's name in a Node's annotation; "" for backends that register none."""

    @property
    def traits(self) -> Traits:
        return Traits(status=Status.SUPPORTED, version=VERSION, reach=Reach.ANYWHERE, families=self.families)

    def problems(self, cluster: Cluster) -> list[str]:
        subnet = next((s for s in cluster.pod_subnets if s.version not in self.families), None)
        if subnet is None:
            return []
        return [
            f"network.mode: {self.mode} carries IPv4 only (a pod subnet is {subnet}); "
            "remove the IPv6 subnets, or use flannel-vxlan"
        ]

    @abstractmethod
    def backend(self, cluster: Cluster) -> dict[str, Any]:
        """The `Backend` part of net-conf.json (Documentation/backends.md)."""

    def ports(self, cluster: Cluster) -> tuple[Port, ...]:
        """Ports between nodes."""
        return ()

    def modules(self) -> tuple[str, ...]:
        """Kernel modules that every node loads."""
        return ()

    def packages(self) -> tuple[str, ...]:
        """Packages that every node has."""
        return ()

    def sysctls(self) -> tuple[Sysctl, ...]:
        """Sysctls of the mode, in addition to those of every Flannel mode."""
        return ()

    def links(self, families: tuple[int, ...] = (4, 6)) -> tuple[str, ...]:
        """Links that the mode makes in addition to the bridge `cni0`, for pods of these IP versions."""
        return ()

    def prerequisites(self, cluster: Cluster) -> Prerequisites:
        # flanneld exits when bridge-nf-call-iptables is missing (main.go); kubeadm no longer checks it since 1.30.
        return Prerequisites(
            resources=(
                *(KernelModule(m) for m in self.modules()),
                Sysctl("net.bridge.bridge-nf-call-iptables", "1"),
                Sysctl("net.bridge.bridge-nf-call-ip6tables", "1"),
                *self.sysctls(),
                *([Packages(self.packages())] if self.packages() else []),
                unmanaged("cni0", *self.links()),
            ),
            ports=self.ports(cluster),
        )

    def addon(self, cluster: Cluster) -> Addon:
        cni_conf = {
            "name": CNI_NAME,
            "cniVersion": "0.3.1",
            "plugins": [
                {"type": "flannel", "delegate": self._delegate(cluster)},
                {"type": "portmap", "capabilities": {"portMappings": True}},
            ],
        }
        return Addon(
            objects=objects(
                image=IMAGE,
                plugin_image=PLUGIN_IMAGE,
                files={"cni-conf.json": _text(cni_conf), "net-conf.json": _text(self._net_conf(cluster))},
                secret=self.has_key,
                privileged=self.privileged,
                dual_stack=cluster.dual_stack,
            ),
            images=("flannel", "flannel-cni-plugin"),
            rollouts=(Rollout("DaemonSet", NAMESPACE, NAME),),
        )

    def _delegate(self, cluster: Cluster) -> dict[str, Any]:
        # Unless it sets an MTU, the plugin uses the one that flanneld derived from its link.
        return {"hairpinMode": True, "isDefaultGateway": True, "mtu": self.pod_mtu(cluster)}

    def _net_conf(self, cluster: Cluster) -> dict[str, Any]:
        """Flannel's defaults are IPv4 on and IPv6 off."""
        conf: dict[str, Any] = {
            "EnableNFTables": cluster.kube_proxy_mode == "nftables",
            "Backend": self.backend(cluster),
        }
        for subnet in cluster.pod_subnets:
            conf |= {"Network" if subnet.version == 4 else "IPv6Network": str(subnet)}
        if 4 not in cluster.families:
            conf["EnableIPv4"] = False
        if 6 in cluster.families:
            conf["EnableIPv6"] = True
        return conf

    def checks(self, cluster: Cluster) -> list[Check]:
        links = self.links(cluster.families)
        return [*backend_checks(cluster, self.registered), *link_checks(cluster, links)]

    def traces(self) -> Traces:
        return Traces(
            links=("cni0", *self.links()),
            link_kinds=_LINK_KINDS,
            nft_tables=("ip flannel-ipv4", "ip6 flannel-ipv6"),
            chains=("FLANNEL-",),
            files=(
                "/etc/cni/net.d/10-flannel.conflist",
                "/opt/cni/bin/flannel",
                "/run/flannel",
                SCRATCH,
                ADDRESSES,
            ),
        )

    def gateways(self, cluster: Cluster, node: Node) -> set[str]:
        """Addresses of nodes that the mode reaches by plain routes, in addition to those through its links."""
        return set()

    def is_own_route(self, cluster: Cluster, node: Node, route: Mapping[str, Any]) -> bool:
        # Its own plain routes have the protocol of `ip route` without one.
        plain = route.get("protocol", "boot") == "boot" and route.get("gateway") in self.gateways(cluster, node)
        return plain or route.get("dev") in self.links()

    @property
    def attachment(self) -> Attachment:
        return Attachment("cni0", ADDRESSES)

    def adoption(self, cluster: Cluster, subnets: tuple[str, ...]) -> str:
        return adoption(self._delegate(cluster), subnets)

    @property
    def privileged(self) -> bool:
        """Whether flanneld needs more privileges than NET_ADMIN and NET_RAW."""
        return False

    @property
    def has_key(self) -> bool:
        """Whether the configuration contains a key, and is therefore a Secret."""
        return False


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, sort_keys=True) + "\n"
