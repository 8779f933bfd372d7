"""Chart values from the inventory: keys that the chart knows, and none that the mode sets."""

from __future__ import annotations

from collections.abc import Iterator

from underlay.model.cluster import Cluster
from underlay.model.values import leaves
from underlay.networks.known_keys import of_chart

from . import retired
from .features import Features
from .versions import NEWEST

WHERE = "network.values"
# Chart value -> the setting that determines it.
SETTINGS = {
    "kubeProxyReplacement": "kube_proxy_replacement",
    "socketLB.enabled": "socket_lb",
    "socketLB.hostNamespaceOnly": "socket_lb_host_only",
    "bpf.masquerade": "bpf_masquerade",
    "hubble.enabled": "hubble",
    "egressGateway.enabled": "egress_gateway",
    "tunnelPort": "tunnel_port",
    "encryption": "encryption, ipsec_key, node_encryption, strict_encryption",
    "cluster": "cluster_id and cluster_name",
    "clustermesh": "cluster_id, mesh_clusters and mesh_size",
    "bgpControlPlane.enabled": "cilium-bgp as the mode",
    "routingMode": "another mode",
    "underlayProtocol": "other addresses of the nodes",
    "tunnelProtocol": "another mode",
    "autoDirectNodeRoutes": "another mode, or routes",
    "directRoutingSkipUnreachable": "another mode, or routes",
    "ipv4NativeRoutingCIDR": "native_routing_subnet",
    "ipv6NativeRoutingCIDR": "pod_subnet_v6",
    "ipv4.enabled": "pod_subnet",
    "ipv6.enabled": "pod_subnet_v6",
    "MTU": "path_mtu",
    "ipam.mode": "pod_subnet, from which pods get their addresses",
    "k8sServiceHost": "control_plane_endpoint",
    "k8sServicePort": "control_plane_endpoint",
}


def extra_values_problems(network: Features, cluster: Cluster) -> Iterator[str]:
    """Which of `values` are out of date, set by the mode, or unknown to the chart."""
    old = {path: replacement for path, replacement in retired.VALUES.items() if _has(network.values, path)}
    for path, replacement in old.items():
        yield f"{WHERE}.{path}: is out of date; {replacement}"
    proxy = network.values.get("kubeProxyReplacement")
    if proxy in retired.PROXY_VALUES:
        yield f"{WHERE}.kubeProxyReplacement: {retired.proxy_value(str(proxy))}"
    for path, value in leaves(network.values):
        for own, setting in SETTINGS.items():
            if (path == own or path.startswith(f"{own}.")) and path not in old and value not in retired.PROXY_VALUES:
                yield f"{WHERE}.{path}: is set by the mode; use {setting}"
    keys = network.release_facts.keys
    if network.values and not keys:
        yield (
            f"{WHERE}: the keys of this chart are not listed, and it silently ignores unknown ones (it is "
            f"{network.release_facts.chart}); use version {NEWEST}, or remove values"
        )
    elif keys:
        reported = tuple(f"{WHERE}.{path}:" for path in old)
        yield from (p for p in of_chart(keys).problems(network.values, where=WHERE) if not p.startswith(reported))


def _has(values: object, path: str) -> bool:
    for key in path.split("."):
        if not isinstance(values, dict) or key not in values:
            return False
        values = values[key]
    return True
