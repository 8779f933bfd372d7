"""What all Calico modes share: the operator's objects, the hosts, the checks."""

from __future__ import annotations

from underlay.model.addon import Addon
from underlay.model.bgp_view import Speaker
from underlay.model.capture import Wire, pods_in_the_clear
from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.footprint import Traces
from underlay.model.node import Node
from underlay.model.prerequisites import Prerequisites
from underlay.model.traits import Reach, Status, Traits
from underlay.networks.ebpf import ebpf_prerequisites, no_reverse_path_filter
from underlay.networks.unmanaged import unmanaged
from underlay.resources.kernel_module import KernelModule
from underlay.resources.packages import Packages
from underlay.resources.resource import Resource

from . import bird_view, checks, egress, traces, wireguard_link
from .addon import addon
from .mode import CalicoMode
from .problems import shared_problems
from .release import CLUSTER_POLICY, TESTED
from .retired import RETIRED_MODES, RETIRED_SETTINGS


class Calico(CalicoMode):
    """Shared base: installed by upstream's operator; network policies and three data planes in every mode."""

    retired_modes = RETIRED_MODES
    retired_settings = RETIRED_SETTINGS

    @property
    def traits(self) -> Traits:
        return Traits(
            status=Status.SUPPORTED,
            version=self.release_version,
            reach=Reach.ANYWHERE,
            policy="Calico",
            cluster_policy=CLUSTER_POLICY,
            encryption="WireGuard" if self.encrypts else "",
            kernel_since=(5, 13) if self.data_plane in ("auto", "nftables") else (5, 10),
            families=(4, 6),
            egress=self.egress != "none",
            replaces_kube_proxy=self.ebpf,
            kubernetes=TESTED[self.version],
        )

    def problems(self, cluster: Cluster) -> list[str]:
        return [*shared_problems(self, cluster), *egress.problems(self, cluster), *self.own_problems(cluster)]

    @property
    def replaces_kube_proxy(self) -> bool:
        return self.ebpf

    @property
    def own_plugins(self) -> tuple[str, ...]:
        return traces.PLUGINS

    def speaker(self, cluster: Cluster) -> Speaker | None:
        return bird_view.speaker(self.shared_prefixes(cluster)) if self.speaks_bgp(cluster) else None

    def links(self, cluster: Cluster) -> tuple[str, ...]:
        """Links of the mode, without those of pods."""
        overlay = [name for v, name in self.overlay.links.items() if v in cluster.families] if self.overlay else []
        encrypted = wireguard_link.names(cluster) if self.encrypts else ()
        return (*overlay, *encrypted, *(traces.EBPF_LINKS if self.ebpf else ()))

    def prerequisites(self, cluster: Cluster) -> Prerequisites:
        # The modules of Felix's rules (xt_*, nf_tables) load on demand.
        modules = [
            *([self.overlay.module] if self.overlay else []),
            *(["wireguard"] if self.encrypts else []),
            *(["ip_set"] if self.plane(cluster) == "iptables" else []),
        ]
        return Prerequisites(
            resources=(
                *(KernelModule(m) for m in modules),
                *((Packages(("wireguard-tools",)),) if self.encrypts else ()),
                *((*ebpf_prerequisites(), *no_reverse_path_filter(traces.PODS)) if self.ebpf else ()),
                unmanaged(traces.PODS, *self.links(cluster)),
            ),
            ports=self.ports(cluster),
        )

    def addon(self, cluster: Cluster) -> Addon:
        return addon(self, cluster)

    def node_resources(self, cluster: Cluster, node: Node) -> tuple[Resource, ...]:
        return egress.resources(self, cluster, node)

    def wire(self, cluster: Cluster, one: Node, other: Node) -> Wire:
        pods = pods_in_the_clear(cluster)
        tunnels = dict.fromkeys([*([self.overlay.filter] if self.overlay else []), "udp port 4789", "ip proto 4"])
        if self.encrypts:
            return Wire(shows=wireguard_link.filtered(cluster), never=" or ".join([pods, *tunnels]))
        if self.overlay and self.tunnelled(one, other):
            return Wire(shows=self.overlay.filter, never=pods)
        return Wire(shows=pods, never=" or ".join([*tunnels, wireguard_link.filtered(cluster)]))

    def checks(self, cluster: Cluster) -> list[Check]:
        return [*checks.shared_checks(self, cluster), *self.own_checks(cluster), *egress.checks(self, cluster)]

    def traces(self) -> Traces:
        overlay = tuple(self.overlay.links.values()) if self.overlay else ()
        return Traces(
            links=(
                traces.PODS,
                *overlay,
                *(wireguard_link.NAMES.values() if self.encrypts else ()),
                *(traces.EBPF_LINKS if self.ebpf else ()),
            ),
            link_kinds=traces.LINK_KINDS,
            nft_tables=traces.NFT_TABLES,
            files=traces.FILES,
            chains=traces.CHAINS,
            address_sets=traces.ADDRESS_SETS,
            route_protocols=(traces.FELIX_PROTOCOL, traces.BIRD_PROTOCOL),
            rule_priorities=(wireguard_link.RULE_PRIORITY,) if self.encrypts else (),
            programs=traces.EBPF_PROGRAMS if self.ebpf else (),
            bpf_pins=traces.EBPF_PINS if self.ebpf else (),
            mounts=traces.EBPF_MOUNTS if self.ebpf else (),
        )
