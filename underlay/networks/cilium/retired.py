"""Modes, settings and chart values of Cilium under names that are out of date, with their replacements."""

from __future__ import annotations

_SINCE_1_15 = "the chart dropped it in 1.15, and silently ignored it until 1.17"
_SOCKET_LB = "it is called socket LB since 1.12; use cilium-socket-lb, or socket_lb in any mode"
_NO_IPIP = "no chart ever supported it: it is ignored, and VXLAN used; use cilium-ipip"
_KPR_VALUES = "it is true or false since 1.16"

MODES = {
    "cilium": "a mode has a data path in its name; use cilium-vxlan, Cilium's default",
    "cilium-tunnel": f"{_SINCE_1_15}; use cilium-vxlan or cilium-geneve",
    "cilium-overlay": "use cilium-vxlan or cilium-geneve",
    "cilium-native": "use cilium-direct-routing",
    "cilium-native-routing": "use cilium-direct-routing",
    "cilium-host-reachable-services": _SOCKET_LB,
    "cilium-host-services": _SOCKET_LB,
    "cilium-encryption": "use cilium-wireguard or cilium-ipsec",
    "cilium-kube-proxy-replacement": "use kube_proxy_replacement in any mode, e.g. with cilium-vxlan",
    "cilium-kube-proxy-free": "use kube_proxy_replacement in any mode, e.g. with cilium-vxlan",
    "cilium-clustermesh": "use cilium-cluster-mesh",
    "cilium-bgp-control-plane": "use cilium-bgp",
}

SETTINGS = {
    "tunnel": f"{_SINCE_1_15}; choose cilium-vxlan, cilium-geneve or cilium-direct-routing as the mode",
    "tunneling_mode": _NO_IPIP,
    "tunnelingMode": _NO_IPIP,
    "host_services": _SOCKET_LB,
    "hostServices": _SOCKET_LB,
    "host_reachable_services": _SOCKET_LB,
    "hostReachableServices": _SOCKET_LB,
    "strict": "it was a value of kubeProxyReplacement until 1.15; use kube_proxy_replacement, or strict_encryption",
    "probe": f"it was a value of kubeProxyReplacement until 1.15, and {_KPR_VALUES}; use kube_proxy_replacement",
    "partial": f"it was a value of kubeProxyReplacement until 1.15, and {_KPR_VALUES}; use kube_proxy_replacement",
    "nativeRoutingCIDR": "charts have one for each IP version; use native_routing_subnet, by default pod_subnet",
}

# Paths of chart values; some are also in SETTINGS.
VALUES = {
    **{name: SETTINGS[name] for name in ("tunnel", "tunnelingMode", "hostServices", "hostReachableServices")},
    "nativeRoutingCIDR": SETTINGS["nativeRoutingCIDR"],
    "encryption.keyFile": "it was dropped in 1.16; use ipsec_key",
    "encryption.secretName": "it was dropped in 1.16; use ipsec_key",
    "encryption.ipsec.interface": "it has no effect since 1.18; remove it",
    "encryption.strictMode.enabled": "it was dropped in 1.20; use strict_encryption",
    "encryption.strictMode.cidr": "it was dropped in 1.20; use strict_encryption",
    "encryption.wireguard.userspaceFallback": "it was dropped in 1.17; Linux has WireGuard since 5.6",
    "wireguard.userspaceFallback": "it was dropped in 1.17; Linux has WireGuard since 5.6",
}

PROXY_VALUES = ("probe", "partial", "strict", "disabled")


def proxy_value(value: str) -> str:
    """The problem of a value that kubeProxyReplacement had before 1.16."""
    replacement = "False" if value == "disabled" else "True"
    return f"{value!r} is not supported since Cilium 1.16, which has true and false only; use {replacement}"
