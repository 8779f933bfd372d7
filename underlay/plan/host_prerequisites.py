"""What a node needs before Kubernetes is installed: packages, kernel, links and firewall for exactly this mode."""

from __future__ import annotations

from typing import Any

from underlay.inventory.spec import Spec
from underlay.model.node import Node, addresses_of
from underlay.networks.unmanaged import NETWORK_MANAGER
from underlay.policy_engines import kube_router
from underlay.resources import kernel_module, sysctl
from underlay.resources.boot_order import BootOrder
from underlay.resources.file import File
from underlay.resources.firewalld import Firewalld
from underlay.resources.iptables import Iptables
from underlay.resources.kernel_module import KernelModule
from underlay.resources.nftables import Nftables
from underlay.resources.packages import Packages
from underlay.resources.resource import Resource
from underlay.resources.router_advertisements import RouterAdvertisements
from underlay.resources.swap import NoSwap
from underlay.resources.sysctl import Sysctl
from underlay.resources.sysctl_floor import SysctlFloor
from underlay.resources.sysctl_pattern import SysctlPattern
from underlay.resources.unit import Unit
from underlay.routing import resources as routing

from . import required_ports
from .offload import without_offload

# kubeadm needs conntrack, ethtool, socat and iptables; curl fetches artifacts, and both it and containerd trust
# ca-certificates; the checks use the rest.
PACKAGES = (
    "ca-certificates",
    "conntrack",
    "curl",
    "ethtool",
    "iproute2",
    "iptables",
    "iputils-ping",
    "kmod",
    "nftables",
    "procps",
    "socat",
    "tcpdump",
)
IPVS_PACKAGES = ("ipset", "ipvsadm")
# The schedulers are KubeProxyConfiguration's; rr is its default.
IPVS_MODULES = ("ip_vs", "ip_vs_rr", "ip_vs_wrr", "ip_vs_sh")
# Container runtimes and many programs in pods watch files; Linux' default of 128 suits a desktop.
INOTIFY = SysctlFloor("fs.inotify.max_user_instances", 8192)
NETWORKD = "/etc/systemd/networkd.conf.d/10-underlay.conf"
NETWORKD_LINKS = "/etc/systemd/network/05-underlay.network"


def prepared(spec: Spec, node: Node) -> tuple[Resource, ...]:
    """The resources of one node, in the order they can be applied in."""
    needs = (
        *spec.network.prerequisites(spec.cluster).resources,
        *(kube_router.prerequisites(spec.cluster).resources if spec.network_policy else ()),
        *spec.network.node_resources(spec.cluster, node),
        *routing.of_node(spec.cluster, node),
    )
    ipvs = spec.cluster.kube_proxy_mode == "ipvs" and not spec.network.replaces_kube_proxy
    modules = _unique(
        [KernelModule("overlay"), KernelModule("br_netfilter"), KernelModule("nf_conntrack")]
        + [KernelModule(m) for m in IPVS_MODULES if ipvs]
        + [r for r in needs if isinstance(r, KernelModule)]
    )
    sysctls = _unique(
        [Sysctl("net.ipv4.ip_forward", "1")]
        + ([Sysctl("net.ipv6.conf.all.forwarding", "1")] if 6 in spec.cluster.families else [])
        + [r for r in needs if isinstance(r, (Sysctl, SysctlPattern))]
    )
    others = _unique([r for r in needs if not isinstance(r, (KernelModule, Sysctl, SysctlPattern))])
    passes = required_ports.passes(spec.cluster, spec.network, node)
    return (
        Packages((*PACKAGES, *(IPVS_PACKAGES if ipvs else ()))),
        kernel_module.persisted(modules),
        *modules,
        # Before forwarding is switched on, which removes routes learned from router advertisements.
        *map(RouterAdvertisements, addresses_of([node], 6)),
        sysctl.persisted(sysctls),
        *sysctls,
        BootOrder(tuple(s for s in sysctls if isinstance(s, Sysctl)), tuple(modules)),
        sysctl.persisted((INOTIFY,), sysctl.PERSISTED_EARLY),
        INOTIFY,
        *([NoSwap()] if spec.cluster.swap == "off" else []),
        *_networkd((*spec.network.traces().links, *(("kube-ipvs0",) if ipvs else ()))),
        *others,
        *(() if spec.cluster.tunnel_offload else without_offload(node)),
        Unit("NetworkManager.service", watches=(NETWORK_MANAGER,), optional=True, reloads=True),
        Nftables(passes),
        Iptables(passes),
        Firewalld(passes),
    )


def _networkd(links: tuple[str, ...]) -> tuple[Resource, ...]:
    """What keeps networkd, where it runs, from managing the network's links, routes and rules."""
    # Since systemd 248 networkd removes foreign routes and rules at every start.
    foreign = File(NETWORKD, "[Network]\nManageForeignRoutes=no\nManageForeignRoutingPolicyRules=no\n")
    names = " ".join(dict.fromkeys((*links, "veth*")))
    # Otherwise a site's [Match] Name=* applies to them; the first file that matches a link wins.
    unmanaged = File(NETWORKD_LINKS, f"[Match]\nName={names}\n\n[Link]\nUnmanaged=yes\n")
    watches = (NETWORKD, NETWORKD_LINKS)
    return foreign, unmanaged, Unit("systemd-networkd.service", watches=watches, optional=True)


def _unique(items: list[Any]) -> list[Any]:
    return list(dict.fromkeys(items))
