"""Modes and settings of Calico under names that are out of date or of other tools, with their replacements."""

from __future__ import annotations

RETIRED_MODES = {
    "calico-ipip-cross-subnet": "use calico-ipip with cross_subnet",
    "calico-vxlan-cross-subnet": "use calico-vxlan with cross_subnet",
    "calico-bird": "BIRD is in calico-bgp, calico-ipip and calico-pure-ip; calico-bgp peers with routers",
    "calico-route-reflector": "use calico-bgp with bgp.reflectors",
    "calico-ebpf": 'the data plane is a setting: use calico-vxlan with data_plane "ebpf"',
    "calico-nftables": 'the data plane is a setting: use calico-vxlan with data_plane "nftables"',
    "calico-none": "pods without encapsulation are calico-pure-ip on one segment, calico-bgp across racks",
}
_MODE = "the mode determines it"
RETIRED_SETTINGS = {
    "ipip_mode": "the mode is calico-ipip, with cross_subnet",
    "vxlan_mode": "the mode is calico-vxlan, with cross_subnet",
    "ipipMode": "the mode is calico-ipip, with cross_subnet",
    "vxlanMode": "the mode is calico-vxlan, with cross_subnet",
    "encapsulation": "the mode and cross_subnet determine it",
    "calico_backend": _MODE,
    "bgp": "the mode determines whether BIRD runs; its peers are in the inventory's bgp",
    "bpf": 'it is data_plane "ebpf"',
    "bpfEnabled": 'it is data_plane "ebpf"',
    "nftablesMode": "it is data_plane",
    "wireguardEnabled": 'it is encryption "wireguard"',
    "mtu": "it is derived from path_mtu and the mode's overhead",
    "veth_mtu": "it is derived from path_mtu and the mode's overhead",
    "ignoreLooseRPF": "Felix no longer has it, and works with any rp_filter",
    "egressGateway": "the egress gateway is part of Calico Enterprise; use egress, its replacement in open source",
}
