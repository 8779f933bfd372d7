"""What cannot work in any Calico mode: the operator's own refusals, and what it would take without a word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from underlay.model.cluster import Cluster
from underlay.model.values import leaves

from .installation import block_size, installation
from .keys import SITES, unknown_values
from .mode import CalicoMode

# Calico's own documentation draws the line of a full mesh of BGP sessions near here.
MESH_MAX = 100
IPV6_MTU = 1280
# Keys of the API that choose what a mode or a setting of ours chooses: key -> how it is chosen here.
_OURS = {
    "Installation": {
        "calicoNetwork.bgp": "the mode",
        "calicoNetwork.ipPools": "pod_subnet and the mode",
        "calicoNetwork.clusterRoutingMode": "the mode",
        "calicoNetwork.linuxDataplane": "data_plane",
        "calicoNetwork.mtu": "path_mtu",
        "calicoNetwork.bpfNetworkBootstrap": "data_plane: the API's address is handed on, which rules this out",
        "calicoNetwork.kubeProxyManagement": "data_plane: kubeadm lays no kube-proxy down, which rules this out",
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
        "programClusterRoutes": "the mode: the operator sets it for Felix and BIRD together",
    },
    "BGPConfiguration": {
        "nodeToNodeMeshEnabled": "the mode",
        "asNumber": "the inventory's bgp",
        "programClusterRoutes": "the mode: the operator sets it for Felix and BIRD together",
    },
}


def shared_problems(network: CalicoMode, cluster: Cluster) -> Iterator[str]:
    yield from _data_plane(network, cluster)
    yield from _pools(network, cluster)
    yield from _ports(network, cluster)
    yield from _values(network, cluster)
    if 6 in cluster.families and network.pod_mtu(cluster) < IPV6_MTU:
        yield (
            f"path_mtu: {cluster.path_mtu} leaves pods {network.pod_mtu(cluster)} bytes in {network.mode}, and IPv6 "
            f"needs {IPV6_MTU}; raise it to {IPV6_MTU + network.overhead(cluster)}"
        )


def _data_plane(network: CalicoMode, cluster: Cluster) -> Iterator[str]:
    proxy = cluster.kube_proxy_mode
    if network.data_plane == "nftables" and proxy != "nftables":
        yield (
            f"network.data_plane: nftables goes with kube-proxy's mode nftables only, and that is {proxy}: Felix would "
            'fall back to iptables; set kube_proxy = {"mode": "nftables"}'
        )
    if network.ebpf and proxy == "ipvs":
        yield (
            "network.data_plane: ebpf does without kube-proxy, and kube_proxy asks for ipvs; leave kube_proxy's mode "
            "out, or take data_plane iptables"
        )
    if network.ebpf and network.overlay and network.overlay.encapsulation == "IPIP":
        yield (
            f"network.data_plane: ebpf carries no IPIP, which is what {network.mode} is; use calico-vxlan, or "
            "data_plane auto"
        )
    if network.ebpf and not cluster.control_plane_endpoint:
        yield "control_plane_endpoint: is missing; without kube-proxy calico-node has no other way to the API"


def _pools(network: CalicoMode, cluster: Cluster) -> Iterator[str]:
    if network.host_local(cluster):
        return
    for subnet in network.pools(cluster):
        name = "pod_subnet" if subnet == cluster.pod_subnet or subnet.version == 4 else "pod_subnet_v6"
        blocks = 2 ** max(block_size(network, subnet.version) - subnet.prefixlen, -1)
        if blocks < max(len(cluster.nodes), 1):
            room = f"{subnet} has {int(blocks)} blocks of a /{block_size(network, subnet.version)}"
            yield f"{name}: {room}, and every node takes one at least ({len(cluster.nodes)} nodes); use a larger one"


def _ports(network: CalicoMode, cluster: Cluster) -> Iterator[str]:
    """Ports of ours that meet, or that a NodePort may take."""
    taken: dict[tuple[str, int], str] = {}
    for port in network.ports(cluster):
        if port.protocol not in ("udp", "tcp"):
            continue
        where = (port.protocol, port.number)
        if where in taken:
            yield f"network.port: {port.number}/{port.protocol} is {taken[where]}'s too; choose another"
        if 30000 <= port.number <= 32767:
            yield f"network.port: {port.number} is among the NodePorts (30000-32767); choose another, 4789 is usual"
        taken[where] = port.purpose


def _values(network: CalicoMode, cluster: Cluster) -> Iterator[str]:
    yield from unknown_values(network.values, network.version)
    ours = {"Installation": installation(network, cluster), "FelixConfiguration": network.felix_spec(cluster)}
    for kind, spec in network.values.items():
        if kind not in SITES:
            continue
        chosen = {**dict.fromkeys(_paths(ours.get(kind, {})), "the mode"), **_OURS[kind]}
        for path in _paths(spec):
            if by := next((how for key, how in chosen.items() if path == key or path.startswith(f"{key}.")), None):
                yield f"network.values.{kind}.{path}: is chosen by {by}; leave it out"
    if network.values.get("BGPConfiguration") and not network.speaks_bgp(cluster):
        yield f"network.values.BGPConfiguration: would be ignored, since {network.mode} runs no BIRD; leave it out"


def mesh_problems(network: CalicoMode, cluster: Cluster) -> Iterator[str]:
    """Every node has a session with every other: too many sessions from some number of nodes on."""
    if len(cluster.nodes) > MESH_MAX:
        yield (
            f"network.mode: {network.mode} has every node speak BGP with every other, and {len(cluster.nodes)} nodes "
            f"are more than the {MESH_MAX} that serves; use calico-bgp with bgp.reflectors, or calico-vxlan"
        )


def _paths(spec: dict[str, Any]) -> list[str]:
    return [path for path, _ in leaves(spec)]
