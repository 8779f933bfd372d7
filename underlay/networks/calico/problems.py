"""Problems of every Calico mode: what the operator rejects, and what it would silently ignore."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from underlay.model.cluster import Cluster
from underlay.model.values import leaves

from .installation import block_size, installation
from .keys import SITES, unknown_values
from .mode import CalicoMode

# From Calico's documentation: the limit of a full mesh of BGP sessions is near this.
MESH_MAX = 100
IPV6_MTU = 1280
# Keys of the API that a mode or a setting determines: key -> what determines it.
_DETERMINED = {
    "Installation": {
        "calicoNetwork.bgp": "the mode",
        "calicoNetwork.ipPools": "pod_subnet and the mode",
        "calicoNetwork.clusterRoutingMode": "the mode",
        "calicoNetwork.linuxDataplane": "data_plane",
        "calicoNetwork.mtu": "path_mtu",
        "calicoNetwork.bpfNetworkBootstrap": "data_plane, which configures the API's address itself",
        "calicoNetwork.kubeProxyManagement": "data_plane, with which kubeadm installs no kube-proxy",
        "cni": "the mode",
        "variant": "the plugin",
    },
    "FelixConfiguration": {
        "bpfEnabled": "data_plane",
        "nftablesMode": "data_plane",
        "wireguardEnabled": "encryption",
        "wireguardEnabledV6": "encryption",
        "ipipEnabled": "the mode",
        "vxlanEnabled": "the mode",
        "vxlanPort": "the mode's port",
        "vxlanVNI": "the mode's vni",
        "programClusterRoutes": "the mode, since the operator sets it for Felix and BIRD together",
    },
    "BGPConfiguration": {
        "nodeToNodeMeshEnabled": "the mode",
        "asNumber": "the inventory's bgp",
        "programClusterRoutes": "the mode, since the operator sets it for Felix and BIRD together",
    },
}


def shared_problems(network: CalicoMode, cluster: Cluster) -> Iterator[str]:
    """Why the settings cannot work on this cluster, in any mode."""
    yield from _data_plane(network, cluster)
    yield from _pools(network, cluster)
    yield from _ports(network, cluster)
    yield from _values(network, cluster)
    if 6 in cluster.families and network.pod_mtu(cluster) < IPV6_MTU:
        yield (
            f"path_mtu: leaves pods {network.pod_mtu(cluster)} bytes with {network.mode}, and IPv6 requires {IPV6_MTU} "
            f"(it is {cluster.path_mtu}); use {IPV6_MTU + network.overhead(cluster)} or more"
        )


def _data_plane(network: CalicoMode, cluster: Cluster) -> Iterator[str]:
    proxy = cluster.kube_proxy_mode
    if network.data_plane == "nftables" and proxy != "nftables":
        yield (
            f"network.data_plane: nftables requires kube-proxy in mode nftables, or Felix falls back to iptables "
            f"(it is {proxy}); "
            'set kube_proxy = {"mode": "nftables"}'
        )
    if network.ebpf and proxy == "ipvs":
        yield (
            "network.data_plane: ebpf replaces kube-proxy, and kube_proxy sets its mode (it is ipvs); remove the mode "
            "of kube_proxy, or use data_plane iptables"
        )
    if network.ebpf and network.overlay and network.overlay.encapsulation == "IPIP":
        yield (
            f"network.data_plane: ebpf does not support IPIP, which {network.mode} uses; use calico-vxlan, or "
            "data_plane auto"
        )
    if network.ebpf and not cluster.control_plane_endpoint:
        yield "control_plane_endpoint: is missing, and calico-node reaches the API by it without kube-proxy; set it"


def _pools(network: CalicoMode, cluster: Cluster) -> Iterator[str]:
    if network.host_local(cluster):
        return
    for subnet in network.pools(cluster):
        name = "pod_subnet" if subnet == cluster.pod_subnet or subnet.version == 4 else "pod_subnet_v6"
        blocks = 2 ** max(block_size(network, subnet.version) - subnet.prefixlen, -1)
        if blocks < max(len(cluster.nodes), 1):
            room = f"{subnet} has {int(blocks)} blocks of /{block_size(network, subnet.version)}"
            yield f"{name}: {room}, and every node needs at least one ({len(cluster.nodes)} nodes); use a larger subnet"


def _ports(network: CalicoMode, cluster: Cluster) -> Iterator[str]:
    """Ports of the mode that conflict with one another, or with NodePorts."""
    taken: dict[tuple[str, int], str] = {}
    for port in network.ports(cluster):
        if port.protocol not in ("udp", "tcp"):
            continue
        where = (port.protocol, port.number)
        if where in taken:
            yield f"network.port: {taken[where]} has the same port (it is {port.number}/{port.protocol}); use another"
        if 30000 <= port.number <= 32767:
            yield f"network.port: in the range of NodePorts, 30000-32767 (it is {port.number}); use another, e.g. 4789"
        taken[where] = port.purpose


def _values(network: CalicoMode, cluster: Cluster) -> Iterator[str]:
    yield from unknown_values(network.values, network.version)
    specs = {"Installation": installation(network, cluster), "FelixConfiguration": network.felix_spec(cluster)}
    for kind, spec in network.values.items():
        if kind not in SITES:
            continue
        determined = {**dict.fromkeys(_paths(specs.get(kind, {})), "the mode"), **_DETERMINED[kind]}
        for path in _paths(spec):
            if by := next((how for key, how in determined.items() if path == key or path.startswith(f"{key}.")), None):
                yield f"network.values.{kind}.{path}: is determined by {by}; remove it"
    if network.values.get("BGPConfiguration") and not network.speaks_bgp(cluster):
        yield f"network.values.BGPConfiguration: has no effect, since {network.mode} does not run BIRD; remove it"


def mesh_problems(network: CalicoMode, cluster: Cluster) -> Iterator[str]:
    """The problem of a full mesh of BGP sessions with too many nodes."""
    if len(cluster.nodes) > MESH_MAX:
        yield (
            f"network.mode: {network.mode} has a full mesh of BGP sessions, for at most {MESH_MAX} nodes (it is "
            f"{len(cluster.nodes)}); use calico-bgp with bgp.reflectors, or calico-vxlan"
        )


def _paths(spec: dict[str, Any]) -> list[str]:
    return [path for path, _ in leaves(spec)]
