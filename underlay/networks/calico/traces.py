"""What Calico leaves on a host in every mode, as observed on hosts."""

from __future__ import annotations

from underlay.model.footprint import LinkKind

NFT_TABLES = ("ip calico", "ip6 calico", "arp calico-arp")
CHAINS = ("cali-",)
FILES = (
    "/etc/cni/net.d/10-calico.conflist",
    "/etc/cni/net.d/calico-kubeconfig",
    "/opt/cni/bin/calico",
    "/opt/cni/bin/calico-ipam",
    "/var/lib/calico",
    "/run/calico",
    "/var/log/calico",
    "/var/lib/cni/networks/k8s-pod-network",
)
# Felix's DeviceRouteProtocol; any other BIRD on the host has BIRD's protocol too.
FELIX_PROTOCOL = "80"
BIRD_PROTOCOL = "bird"
PODS = "cali*"
EBPF_LINKS = ("bpfin.cali", "bpfout.cali")
EBPF_PINS = ("/sys/fs/bpf/tc",)
# VethNameForWorkload of libcalico-go: "cali" and the first 11 digits of a SHA-1.
LINK_KINDS = (
    LinkKind(PODS, ("veth",), "[0-9a-f]{11}"),
    *(LinkKind(name, ("veth",)) for name in EBPF_LINKS),
    *(LinkKind(name, ("vxlan",)) for name in ("vxlan.calico", "vxlan-v6.calico")),
    *(LinkKind(name, ("wireguard",)) for name in ("wireguard.cali", "wg-v6.cali")),
    LinkKind("tunl0", ("ipip",), shared=True),
)
