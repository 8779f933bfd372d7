"""Names that people know from elsewhere and that are out of date, or were never Calico's."""

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
_MODE = "the mode says it"
RETIRED_SETTINGS = {
    "ipip_mode": "the mode is calico-ipip, with cross_subnet",
    "vxlan_mode": "the mode is calico-vxlan, with cross_subnet",
    "ipipMode": "the mode is calico-ipip, with cross_subnet",
    "vxlanMode": "the mode is calico-vxlan, with cross_subnet",
    "encapsulation": "the mode and cross_subnet say it",
    "calico_backend": _MODE,
    "bgp": "the mode says whether BIRD runs; whom it peers with is the inventory's bgp",
    "bpf": 'it is data_plane "ebpf"',
    "bpfEnabled": 'it is data_plane "ebpf"',
    "nftablesMode": "it is data_plane",
    "wireguardEnabled": 'it is encryption "wireguard"',
    "mtu": "it follows from path_mtu and the mode",
    "veth_mtu": "it follows from path_mtu and the mode",
    "ignoreLooseRPF": "Felix no longer has it: any rp_filter serves",
    "egressGateway": "Calico's egress gateway is Enterprise's; egress chooses what open source has instead",
}
