"""Names that people know of Cilium and that are out of date, and what became of each."""

from __future__ import annotations

_SINCE_1_15 = "the chart dropped it in 1.15, and ignored it without a word until 1.17"
_SOCKET_LB = "it is called socket LB since 1.12; use cilium-socket-lb, or socket_lb in any mode"
_NO_IPIP = "no chart ever knew it, and ignored it comes up as VXLAN; use cilium-ipip, which says what that is"
_KPR_WORDS = "it is true or false since 1.16"

MODES = {
    "cilium": "a data path has to be named; use cilium-vxlan, Cilium's own default",
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
    "strict": "it was a word of kubeProxyReplacement until 1.15; use kube_proxy_replacement, or strict_encryption",
    "probe": f"it was a word of kubeProxyReplacement until 1.15, and {_KPR_WORDS}; use kube_proxy_replacement",
    "partial": f"it was a word of kubeProxyReplacement until 1.15, and {_KPR_WORDS}; use kube_proxy_replacement",
    "nativeRoutingCIDR": "charts know one for each address family; use native_routing_subnet, by default pod_subnet",
}

# Paths of chart values. What is in SETTINGS holds for these too.
VALUES = {
    **{name: SETTINGS[name] for name in ("tunnel", "tunnelingMode", "hostServices", "hostReachableServices")},
    "nativeRoutingCIDR": SETTINGS["nativeRoutingCIDR"],
    "encryption.keyFile": "it was dropped in 1.16; use ipsec_key",
    "encryption.secretName": "it was dropped in 1.16; use ipsec_key",
    "encryption.ipsec.interface": "it has done nothing since 1.18; leave it out",
    "encryption.strictMode.enabled": "it was dropped in 1.20; use strict_encryption",
    "encryption.strictMode.cidr": "it was dropped in 1.20; use strict_encryption",
    "encryption.wireguard.userspaceFallback": "it was dropped in 1.17; Linux has WireGuard since 5.6",
    "wireguard.userspaceFallback": "it was dropped in 1.17; Linux has WireGuard since 5.6",
}

PROXY_WORDS = ("probe", "partial", "strict", "disabled")


def proxy_word(word: str) -> str:
    """What to say of a word that kubeProxyReplacement once knew."""
    meant = "False" if word == "disabled" else "True"
    return f"{word!r} left Cilium in 1.16, where it is true or false; use {meant}"
