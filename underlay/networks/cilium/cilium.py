"""What all Cilium modes share: the release, the prerequisites of hosts, the checks, the traces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from underlay.model.addon import Addon, Chart, Object, Release, Rollout
from underlay.model.capture import Wire, pods_in_the_clear
from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.footprint import LinkKind, Traces
from underlay.model.node import Node
from underlay.model.packet_header import Header
from underlay.model.prerequisites import Prerequisites
from underlay.model.traits import Reach, Status, Traits
from underlay.model.values import merged
from underlay.networks.ebpf import ebpf_prerequisites, no_reverse_path_filter
from underlay.networks.unmanaged import unmanaged
from underlay.resources.kernel_module import KernelModule

from .agent import CGROUP, NAMESPACE
from .conflicts import conflicts
from .data_path import Tunnel
from .features import Features
from .link_checks import link_checks
from .status import status_checks
from .user_values import extra_values_problems
from .versions import REPOSITORY

# pkg/endpoint/connector: "lxc" and the first 12 digits of a SHA-256, as LXC's own bridge lxcbr0 has not.
_LINK_KINDS = (
    LinkKind("cilium_*", ("veth", "netkit", "vxlan", "geneve", "wireguard", "ipip", "ip6tnl", "dummy")),
    LinkKind("lxc*", ("veth", "netkit"), "[0-9a-f]{12}|_health"),
)


class Cilium(Features):
    """Shared base: a data path in eBPF, policies up to L7, and features that go with any data path.

    Pods' links have the MTU of the host's link; the overhead of the mode is subtracted on the route inside the pod. The
    pod MTU that Underlay reports is the largest packet that a pod can send, which is the MTU of that route.
    """

    @property
    def traits(self) -> Traits:
        return Traits(
            status=Status.SUPPORTED,
            version=self.release_facts.chart,
            reach=Reach.ANYWHERE,
            policy="Cilium (eBPF), L3 to L7",
            cluster_policy=self.release_facts.cluster_policy_support(self.values),
            encryption={"wireguard": "WireGuard", "ipsec": "IPsec", "none": ""}[self.encryption],
            families=(4, 6),
            egress=self.egress_gateway,
            clusters=self.meshed,
            replaces_kube_proxy=self.replaces_kube_proxy,
            kubernetes=self.release_facts.kubernetes,
        )

    def problems(self, cluster: Cluster) -> list[str]:
        return [*conflicts(self, cluster), *extra_values_problems(self, cluster)]

    def follows_family(self, cluster: Cluster) -> bool:
        # A tunnel has one underlayProtocol.
        return not isinstance(self.path(cluster), Tunnel)

    def prerequisites(self, cluster: Cluster) -> Prerequisites:
        return Prerequisites(
            resources=(
                *(KernelModule(m) for m in dict.fromkeys(self.modules(cluster))),
                *ebpf_prerequisites(*self.options(cluster)),
                # Cilium writes the same, but only once it runs, and only where /etc/sysctl.d is writable.
                *no_reverse_path_filter("cilium_*", "lxc*", *(f"{link}*" for link in self.foreign_links)),
                unmanaged("cilium_*", "lxc*", *self.foreign_links),
            ),
            ports=self.ports(cluster),
        )

    def headers(self, cluster: Cluster) -> tuple[Header, ...]:
        return (*self.encryption_headers(cluster), *self.path(cluster).headers(cluster))

    def overhead(self, cluster: Cluster) -> int:
        return self.path(cluster).reserve + self.reserved(cluster)

    def link_mtu(self, cluster: Cluster) -> int:
        return self.base_mtu(cluster)

    def addon(self, cluster: Cluster) -> Addon:
        chart = Chart("cilium", self.release_facts.chart, REPOSITORY)
        values = merged(self.chart_values(cluster), self.values)
        return Addon(
            objects=(*self.encryption_objects(), *self.mesh_objects(), *self.bgp_secrets(cluster)),
            release=Release("cilium", NAMESPACE, chart, values),
            after=(*self.egress_objects(), *self.bgp_objects(cluster)),
            pulled=self.pulled(values),
            rollouts=(
                Rollout("Deployment", NAMESPACE, "cilium-operator"),
                Rollout("DaemonSet", NAMESPACE, "cilium"),
                *((Rollout("DaemonSet", NAMESPACE, "cilium-envoy"),) if values["envoy"]["enabled"] else ()),
                *self.mesh_rollouts(),
            ),
        )

    def pulled(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """The images of the chart, without a tag where it is the chart's own and not known."""
        hubble = values["hubble"]
        relay, ui = (bool(hubble.get(part, {}).get("enabled")) for part in ("relay", "ui"))
        of_release = (
            *("cilium", "operator-generic"),
            *(("clustermesh-apiserver",) if self.meshed else ()),
            *(("hubble-relay",) if relay else ()),
        )
        tag = f":{self.release_facts.envoy}" if self.release_facts.envoy else ""
        own = (
            *((f"cilium-envoy{tag}",) if values["envoy"]["enabled"] else ()),
            *(("hubble-ui", "hubble-ui-backend") if ui else ()),
        )
        return tuple(
            f"quay.io/cilium/{name}" for name in (*(f"{n}:v{self.release_facts.chart}" for n in of_release), *own)
        )

    def bgp_secrets(self, cluster: Cluster) -> tuple[Object, ...]:
        """Secrets of BGP sessions, applied before the chart."""
        return ()

    def bgp_objects(self, cluster: Cluster) -> tuple[Object, ...]:
        """BGP objects, applied after the chart."""
        return ()

    def wire(self, cluster: Cluster, one: Node, other: Node) -> Wire | None:
        path, pods = self.path(cluster).shows(cluster, one, other), pods_in_the_clear(cluster)
        # Every overlay and encryption that another mode would use.
        plain = "udp port 8472 or udp port 4789 or udp port 6081 or udp port 51871 or ip proto 4 or esp"
        clear = path if path == pods else f"{pods} or {path}"
        if self.by_wireguard:
            return Wire(shows="udp port 51871", never=clear)
        if self.by_ipsec:
            return Wire(shows="esp", never_sent=clear)
        return Wire(shows=path, never=plain if path == pods else pods)

    def checks(self, cluster: Cluster) -> list[Check]:
        return [
            *status_checks(cluster, self.status(cluster)),
            *link_checks(cluster, self.links(cluster)),
            *self.path(cluster).checks(cluster, pod_mtu=self.pod_mtu(cluster)),
            *self.encryption_checks(cluster),
            *self.egress_checks(cluster),
        ]

    def traces(self) -> Traces:
        return Traces(
            links=("cilium_*", "lxc*"),
            link_kinds=_LINK_KINDS,
            chains=("CILIUM_", "OLD_CILIUM_"),
            # pkg/datapath/iptables/ipset
            address_sets=("cilium_node_set_v4", "cilium_node_set_v6"),
            files=(
                "/etc/cni/net.d/05-cilium.conflist",
                "/opt/cni/bin/cilium-cni",
                "/etc/sysctl.d/99-zzz-override_cilium.conf",
                "/run/cilium",
                "/var/lib/cilium",
            ),
            mounts=(CGROUP,),
            # From v1.20.2, pkg/datapath/linux/linux_defaults; its routes have the protocol kernel. The rule of the
            # local table, which Cilium moves from 0 to 100, is no trace: without it the host is unreachable.
            rule_priorities=(1, 9, 10),
            # Of bpf/: cil_from_netdev and the like, by tc, by links pinned below bpf_pins, or by XDP.
            programs=("cil_*",),
            bpf_pins=("/sys/fs/bpf/cilium", "/sys/fs/bpf/tc/globals/cilium_*"),
            xfrm=self.by_ipsec,
        )
