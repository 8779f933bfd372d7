"""Names of Flannel's that people know and that are out of date."""

from __future__ import annotations

MODES = {
    "flannel": "a mode is a plugin and a backend; use flannel-vxlan, Flannel's own default",
    "canal": "Flannel under Calico's policies is not offered; use flannel-vxlan, or a mode of Calico's for policies",
    "flannel-vxlan-direct-routing": "it is a setting; use flannel-vxlan with direct_routing=True",
    "flannel-hostgw": "its name is flannel-host-gw",
    "flannel-wg": "its name is flannel-wireguard",
    "flannel-awsvpc": "its name is flannel-aws-vpc",
    "flannel-aws": "its name is flannel-aws-vpc",
    "flannel-gcp": "its name is flannel-gce",
    "flannel-ali-vpc": "Flannel 0.20 dropped that backend and nothing took its place; use flannel-vxlan",
    "flannel-tencent-vpc": "Flannel calls that backend experimental and it is not offered; use flannel-vxlan",
    "flannel-alloc": "subnets without routes are of use in a cloud alone; use flannel-aws-vpc or flannel-gce",
    "flannel-extension": "Flannel runs scripts of yours there, and no check can tell what they did; use flannel-vxlan",
}

SETTINGS = {
    "backend": "the mode says which backend it is; its options are settings of their own",
    "network": "it is the cluster's pod_subnet",
    "enable_ipv6": "it follows the cluster's pod_subnet_v6",
    "iface": "flanneld takes the link of the address that the inventory gives each host",
    "mtu": "it follows the cluster's path_mtu, less what the mode adds",
}
