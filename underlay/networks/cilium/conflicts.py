"""Settings that conflict with one another or with the cluster, as data: each with its reason and its remedy.

Where the agent refuses them itself, the reason is from Cilium v1.20.2: daemon/cmd/daemon.go (encryption),
pkg/egressgateway/manager.go, pkg/kpr, pkg/option/config.go, pkg/clustermesh/types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from underlay.model.cluster import Cluster
from underlay.model.routes import Routes

from .data_path import Tunnel
from .egress_conflicts import egress_conflicts
from .encryption import WIREGUARD_PORT
from .features import Features
from .mesh_conflicts import mesh_conflicts

NODE_PORTS = range(30000, 32768)


@dataclass(frozen=True)
class Conflict:
    """A problem of `setting`, reported `when` that is true; `sentence` is `<what is wrong>; <remedy>`."""

    setting: str
    when: Callable[[Features, Cluster], bool]
    sentence: str


_SERVICES = (
    Conflict(
        "socket_lb",
        lambda n, c: n.kube_proxy_replacement and n.socket_lb is False,
        "kube_proxy_replacement serves Services at the socket and needs socket LB; remove socket_lb",
    ),
    Conflict(
        "socket_lb_host_only",
        lambda n, c: n.socket_lb_host_only and not n.at_the_socket,
        "applies to socket LB, which is off; set socket_lb, or remove it",
    ),
    Conflict(
        "bpf_masquerade",
        lambda n, c: n.bpf_masquerade and not n.kube_proxy_replacement,
        "requires Cilium's own NodePorts; set kube_proxy_replacement too, or remove it",
    ),
    Conflict(
        "kube_proxy_replacement",
        lambda n, c: n.kube_proxy_replacement and not _known_everywhere(c.api_host),
        "the agents have to reach the API without Services, and it has no endpoint that all nodes can reach; "
        "set control_plane_endpoint",
    ),
)

_ENCRYPTION = (
    Conflict(
        "ipsec_key",
        lambda n, c: n.by_ipsec and n.ipsec_key is None,
        "is missing; generate one with `openssl rand -hex 20`",
    ),
    Conflict(
        "ipsec_key",
        lambda n, c: not n.by_ipsec and n.ipsec_key is not None,
        'applies to IPsec, which is off; set encryption = "ipsec", or remove it',
    ),
    Conflict(
        "node_encryption",
        lambda n, c: n.node_encryption and not n.by_wireguard,
        'requires WireGuard; set encryption = "wireguard", or remove it',
    ),
    Conflict(
        "strict_encryption",
        lambda n, c: n.strict_encryption and not n.by_wireguard,
        'requires WireGuard; set encryption = "wireguard", or remove it',
    ),
    Conflict(
        "strict_encryption",
        lambda n, c: n.strict_encryption and 6 in c.families,
        "covers IPv4 only, so that pods' IPv6 packets would leave in the clear; remove it, or the IPv6 subnets",
    ),
    Conflict(
        "strict_encryption",
        lambda n, c: n.strict_encryption and not n.release_facts.strict_mode,
        'is supported since Cilium 1.20, where its chart keys changed; use version = "1.20"',
    ),
)

_EGRESS = (
    Conflict(
        "egress_gateway",
        lambda n, c: n.egress_gateway and not (n.kube_proxy_replacement and n.bpf_masquerade),
        "requires kube_proxy_replacement and bpf_masquerade, which translate for it; set both",
    ),
    Conflict(
        "egress_gateway",
        lambda n, c: n.egress_gateway and (c.families == (6,) or _on_ipv6(c)),
        "requires nodes and pods with IPv4; use it on an IPv4 or dual-stack cluster",
    ),
    Conflict(
        "egress_gateway",
        lambda n, c: n.egress_gateway and _at(n.values, "ciliumEndpointSlice", "enabled") is True,
        "the agent refuses it together with CiliumEndpointSlice; remove ciliumEndpointSlice from values",
    ),
    Conflict(
        "egress_gateway",
        lambda n, c: n.egress_gateway and n.values.get("identityAllocationMode", "crd") != "crd",
        "the agent refuses it with identities in a kvstore; remove identityAllocationMode from values",
    ),
    Conflict(
        "egress_policies",
        lambda n, c: bool(n.egress_policies) and not n.egress_gateway,
        "apply to the egress gateway, which is off; set egress_gateway, or use cilium-egress-gateway",
    ),
)

_TUNNEL = (
    Conflict(
        "tunnel_port",
        lambda n, c: bool(n.tunnel_port) and _port(n, c) is None,
        "applies to tunnels, and this mode has none; remove it",
    ),
    Conflict(
        "tunnel_port",
        lambda n, c: n.by_wireguard and _port(n, c) == WIREGUARD_PORT,
        f"WireGuard uses the same port (it is {WIREGUARD_PORT}); choose another, or remove it",
    ),
    Conflict(
        "tunnel_port",
        lambda n, c: _port(n, c) in NODE_PORTS,
        "is in the range of NodePort Services (30000-32767); choose another, or remove it",
    ),
    Conflict(
        "native_routing_subnet",
        lambda n, c: n.native_routing_subnet is not None and n.path(c).status != "Native",
        "applies to native routing, and this mode has a tunnel; remove it",
    ),
    Conflict(
        "native_routing_subnet",
        lambda n, c: n.native_routing_subnet is not None and not _covers(n.native_routing_subnet, c.pod_subnet),
        "does not contain pod_subnet, whose packets would be masqueraded; choose one that does",
    ),
    Conflict(
        "values",
        lambda n, c: n.by_ipsec and _at(n.values, "hostFirewall", "enabled") is True,
        "the agent refuses the host firewall together with IPsec; remove hostFirewall, or use WireGuard",
    ),
)


def conflicts(network: Features, cluster: Cluster) -> Iterator[str]:
    """Every conflict between settings, and between them and the cluster."""
    yield from _named_for(network)
    if not cluster.nodes:
        return
    for conflict in (*_SERVICES, *_ENCRYPTION, *_EGRESS, *_TUNNEL):
        if conflict.when(network, cluster):
            yield f"network.{conflict.setting}: {conflict.sentence}"
    yield from _routing(network, cluster)
    yield from egress_conflicts(network, cluster)
    yield from mesh_conflicts(network, cluster)


def _named_for(network: Features) -> Iterator[str]:
    for name, value in network.named_for.items():
        if getattr(network, name) != value:
            yield (
                f"network.{name}: {network.mode} requires {name} = {value!r}; remove it, or use another mode "
                "(cilium-vxlan has every feature as a setting)"
            )


def _routing(network: Features, cluster: Cluster) -> Iterator[str]:
    racks = ", ".join(cluster.racks)
    if network.needs_one_segment and cluster.routes is Routes.PLUGIN and len(cluster.racks) > 1:
        yield (
            f"network.mode: {network.mode} with native routing does not cross racks, whose routers have no pod routes "
            f"(the nodes are in {racks}); "
            'use cilium-vxlan, cilium-bgp, cilium-hybrid, or routes = "bgp"'
        )
    if cluster.routes is Routes.BGP and cluster.bgp is None:
        yield (
            f'network.mode: {network.mode} with routes = "bgp" needs BGP peers, and the inventory has no bgp; '
            'set bgp = {"as_number": …}'
        )
    if cluster.routes is Routes.BGP and 6 in cluster.families:
        yield (
            f'network.mode: {network.mode} with routes = "bgp" supports IPv4 only; '
            'remove the IPv6 subnets, or set routes = "plugin"'
        )


def _port(network: Features, cluster: Cluster) -> int | None:
    """The port of the mode's tunnel; None without a tunnel."""
    path = network.path(cluster)
    tunnel = path if isinstance(path, Tunnel) else network.own_tunnel(cluster)
    return tunnel.number if tunnel else None


def _covers(outer: object, inner: object) -> bool:
    return bool(inner.version == outer.version and inner.subnet_of(outer))  # type: ignore[attr-defined]


def _on_ipv6(cluster: Cluster) -> bool:
    return cluster.nodes[0].address.version == 6


def _known_everywhere(host: str) -> bool:
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return host not in ("", "localhost")


def _at(values: object, *path: str) -> object:
    for key in path:
        values = values.get(key) if isinstance(values, dict) else None
    return values
