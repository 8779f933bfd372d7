"""What all Calico modes share: the operator's objects, the hosts, the checks."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from underlay.model.addon import Addon, Object
from underlay.model.capture import Wire
from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.footprint import Traces
from underlay.model.node import Node
from underlay.model.packet_header import Header
from underlay.model.prerequisites import Port, Prerequisites
from underlay.model.traits import Reach, Status, Traits
from underlay.networks.ebpf import ebpf_prerequisites, no_reverse_path_filter
from underlay.networks.unmanaged import unmanaged
from underlay.resources.kernel_module import KernelModule
from underlay.resources.packages import Packages
from underlay.resources.resource import Resource

from . import checks, egress, traces, wireguard_link
from .addon import addon
from .overlay import Overlay, outermost
from .problems import shared_problems
from .retired import RETIRED_MODES, RETIRED_SETTINGS
from .settings import CalicoSettings

# Felix's own default; with eBPF it takes NodePorts to other nodes in VXLAN, whatever the mode.
NODE_PORTS_VXLAN = 4789
# BGPConfiguration.asNumber where nobody states one.
MESH_AS = 64512


class Calico(CalicoSettings):
    """Shared base: laid down by upstream's operator; policies, and one of three data planes, in every mode."""

    retired_modes = RETIRED_MODES
    retired_settings = RETIRED_SETTINGS

    @property
    def overlay(self) -> Overlay | None:
        """What carries packets between nodes; None for plain IP."""
        return None

    def host_local(self, cluster: Cluster) -> bool:
        """Whether pods have addresses of their node's podCIDR, as somebody else than Calico tells the routes."""
        return False

    def speaks_bgp(self, cluster: Cluster) -> bool:
        """Whether calico-node runs BIRD. Felix tells the routes of VXLAN, BIRD those of the rest."""
        return not self.host_local(cluster) and (self.overlay is None or self.overlay.encapsulation != "VXLAN")

    def felix(self, cluster: Cluster) -> dict[str, Any]:
        """What the mode wants of Felix, as a FelixConfiguration's spec."""
        return {}

    def own_problems(self, cluster: Cluster) -> Iterator[str]:
        """What cannot work in this mode, beside what cannot in any."""
        yield from ()

    def before(self, cluster: Cluster) -> tuple[Object, ...]:
        """Objects that calico-node has to find when it starts."""
        return ()

    def bgp_spec(self, cluster: Cluster) -> dict[str, Any]:
        """What the mode wants of BIRD, as a BGPConfiguration's spec."""
        return {}

    def peers(self, cluster: Cluster) -> tuple[Object, ...]:
        """Whom BIRD peers with, beside a mesh of all nodes."""
        return ()

    def own_checks(self, cluster: Cluster) -> list[Check]:
        """What shows this mode, beside what every mode shows."""
        return []

    def next_hops(self, cluster: Cluster, node: Node, version: int) -> frozenset[str]:
        """Gateways that plain pod routes of a node may lead through."""
        return checks.addresses((n for n in cluster.nodes if n != node), version)

    def neighbours(self, cluster: Cluster, node: Node, version: int) -> dict[str, int]:
        """Address -> AS of everybody whom a node's BIRD has a session with: a mesh, unless the mode says otherwise."""
        return dict.fromkeys(self.next_hops(cluster, node, version), MESH_AS)

    @property
    def traits(self) -> Traits:
        return Traits(
            status=Status.SUPPORTED,
            version=self.release_version,
            reach=Reach.ANYWHERE,
            policy="Calico",
            encryption="WireGuard" if self.encrypts else "",
            kernel_since=(5, 13) if self.data_plane in ("auto", "nftables") else (5, 10),
            families=(4, 6),
            egress=self.egress != "none",
            replaces_kube_proxy=self.ebpf,
        )

    def problems(self, cluster: Cluster) -> list[str]:
        return [*shared_problems(self, cluster), *egress.problems(self, cluster), *self.own_problems(cluster)]

    @property
    def replaces_kube_proxy(self) -> bool:
        return self.ebpf

    @property
    def own_plugins(self) -> tuple[str, ...]:
        return ("host-local", "loopback", "portmap", "bandwidth")

    def headers(self, cluster: Cluster) -> tuple[Header, ...]:
        return self._headers(max(cluster.families))

    def _headers(self, version: int) -> tuple[Header, ...]:
        if self.encrypts:
            return (outermost(version), *wireguard_link.headers(version))
        return (outermost(version), *self.overlay.headers) if self.overlay else ()

    def overhead(self, cluster: Cluster) -> int:
        node_ports = (50 if max(cluster.families) == 4 else 70) if self.ebpf else 0
        return max(node_ports, *(sum(h.size for h in self._headers(v)) for v in cluster.families))

    def ports(self, cluster: Cluster) -> tuple[Port, ...]:
        return (
            *((self.overlay.port,) if self.overlay else ()),
            *((Port("udp", NODE_PORTS_VXLAN, "Calico NodePorts"),) if self.ebpf and not self.overlay else ()),
            *((Port("tcp", 179, "Calico BGP"),) if self.speaks_bgp(cluster) else ()),
            *(wireguard_link.ports(cluster) if self.encrypts else ()),
            Port("tcp", 5473, "Calico Typha"),
        )

    def links(self, cluster: Cluster) -> tuple[str, ...]:
        """Links of the mode beside those of pods."""
        overlay = [name for v, name in self.overlay.links.items() if v in cluster.families] if self.overlay else []
        encrypted = wireguard_link.names(cluster) if self.encrypts else ()
        return (*overlay, *encrypted, *(traces.EBPF_LINKS if self.ebpf else ()))

    def prerequisites(self, cluster: Cluster) -> Prerequisites:
        # The modules of Felix's own rules (xt_*, nf_tables) load when they are asked for.
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

    def felix_spec(self, cluster: Cluster) -> dict[str, Any]:
        """The whole of the FelixConfiguration "default", without what a site adds."""
        return {**self.felix(cluster), **(wireguard_link.felix(cluster) if self.encrypts else {})}

    def pools(self, cluster: Cluster) -> tuple[IPv4Network | IPv6Network, ...]:
        """The subnets that every pod may have its address of."""
        return egress.default_pools(self, cluster)

    def addon(self, cluster: Cluster) -> Addon:
        return addon(self, cluster)

    def node_resources(self, cluster: Cluster, node: Node) -> tuple[Resource, ...]:
        return egress.resources(self, cluster, node)

    def tunnelled(self, one: Node, other: Node) -> bool:
        """Whether packets between two nodes go through the overlay."""
        return self.overlay is not None and not (self.overlay.cross_subnet and one.rack == other.rack)

    def wire(self, cluster: Cluster, one: Node, other: Node) -> Wire:
        pods = " or ".join(f"net {subnet}" for subnet in cluster.pod_subnets)
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
            nft_tables=traces.NFT_TABLES,
            files=traces.FILES,
            chains=traces.CHAINS,
            route_protocols=(traces.FELIX_PROTOCOL, traces.BIRD_PROTOCOL),
            rule_priorities=(wireguard_link.RULE_PRIORITY,) if self.encrypts else (),
            bpf_pins=traces.EBPF_PINS if self.ebpf else (),
        )
