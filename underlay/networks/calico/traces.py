"""What Calico leaves on a host in every mode, as observed on hosts."""

from __future__ import annotations

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
