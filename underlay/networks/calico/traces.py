"""What Calico leaves on a host in every mode, as observed on hosts."""

from __future__ import annotations

from underlay.model.footprint import LinkKind

# What its image lays down for any network; the conflist has no bandwidth plugin since 3.32, and the image has none.
PLUGINS = ("host-local", "loopback", "portmap")
NFT_TABLES = ("ip calico", "ip6 calico", "arp calico-arp")
CHAINS = ("cali-",)
FILES = (
    "/etc/cni/net.d/10-calico.conflist",
    "/etc/cni/net.d/calico-kubeconfig",
    "/opt/cni/bin/calico",
    "/opt/cni/bin/calico-ipam",
    *(f"/opt/cni/bin/{name}" for name in (*PLUGINS, "flannel", "tuning")),
    "/var/lib/calico",
    "/run/calico",
    "/run/nodeagent",
    "/var/log/calico",
    "/var/lib/cni/networks/k8s-pod-network",
    "/var/lib/cni/results",
)
# Felix's DeviceRouteProtocol, of blackholes and of routes beside the overlay; those through vxlan.calico have none, and
# go with the link. Any other BIRD on the host has BIRD's protocol too.
FELIX_PROTOCOL = "80"
BIRD_PROTOCOL = "bird"
PODS = "cali*"
EBPF_LINKS = ("bpfin.cali", "bpfout.cali")
# DefaultBPFfsPath, CtlbPinDir and TcxPinDir of felix/bpf/bpfdefs: with a pin goes what the link behind it attached.
EBPF_PINS = ("/sys/fs/bpf/tc", "/sys/fs/bpf/ctlb", "/sys/fs/bpf/tcx")
# The prefixes by which Felix knows its own (felix/bpf/tc/cleanup.go).
EBPF_PROGRAMS = ("cali_*", "calico_*")
EBPF_MOUNTS = ("/run/calico/cgroup",)
# IPSetNamePrefix and those of sets that are being replaced, of felix/ipsets.
ADDRESS_SETS = ("cali40*", "cali4t*", "cali60*", "cali6t*")
# VethNameForWorkload of libcalico-go: "cali" and the first 11 digits of a SHA-1.
LINK_KINDS = (
    LinkKind(PODS, ("veth",), "[0-9a-f]{11}"),
    *(LinkKind(name, ("veth",)) for name in EBPF_LINKS),
    *(LinkKind(name, ("vxlan",)) for name in ("vxlan.calico", "vxlan-v6.calico")),
    *(LinkKind(name, ("wireguard",)) for name in ("wireguard.cali", "wg-v6.cali")),
    LinkKind("tunl0", ("ipip",), shared=True),
)
