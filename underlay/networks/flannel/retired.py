"""Modes and settings of Flannel under names that are out of date, with their replacements."""

from __future__ import annotations

MODES = {
    "flannel": "a mode is a plugin and a backend; use flannel-vxlan, Flannel's own default",
    "canal": "Flannel with Calico's policies is not supported; use flannel-vxlan, or a Calico mode for policies",
    "flannel-vxlan-direct-routing": "it is a setting; use flannel-vxlan with direct_routing=True",
    "flannel-hostgw": "its name is flannel-host-gw",
    "flannel-wg": "its name is flannel-wireguard",
    "flannel-awsvpc": "its name is flannel-aws-vpc",
    "flannel-aws": "its name is flannel-aws-vpc",
    "flannel-gcp": "its name is flannel-gce",
    "flannel-ali-vpc": "Flannel 0.20 dropped that backend and nothing took its place; use flannel-vxlan",
    "flannel-tencent-vpc": "Flannel calls that backend experimental, and it is not supported; use flannel-vxlan",
    "flannel-alloc": "subnets without routes are useful in clouds only; use flannel-aws-vpc or flannel-gce",
    "flannel-extension": "it runs your own scripts, whose effect no check can verify; use flannel-vxlan",
}

SETTINGS = {
    "backend": "the mode determines the backend; its options are settings",
    "network": "it is the cluster's pod_subnet",
    "enable_ipv6": "it is derived from the cluster's pod_subnet_v6",
    "iface": "flanneld uses the link that has the host's address in the inventory",
    "mtu": "it is derived from path_mtu and the mode's overhead",
}
