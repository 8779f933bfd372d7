"""What eBPF data planes need of a host, whichever plugin loads the programs."""

from __future__ import annotations

from underlay.resources.btf import Btf
from underlay.resources.file import File
from underlay.resources.kernel_option import KernelOption
from underlay.resources.mount import Mount
from underlay.resources.resource import Resource
from underlay.resources.sysctl import Sysctl
from underlay.resources.sysctl_pattern import SysctlPattern

# Cilium's "System Requirements", from which the sets below are too; Calico gives no list of its own.
CORE = tuple(
    KernelOption(option, purpose)
    for option, purpose in (
        ("BPF_SYSCALL", "loads eBPF programs"),
        ("BPF_JIT", "compiles eBPF programs"),
        ("NET_CLS_ACT", "attaches programs to links"),
        ("NET_CLS_BPF", "attaches programs to links"),
        ("NET_SCH_INGRESS", "attaches programs to links"),
        ("CGROUP_BPF", "serves Services at the socket"),
        ("PERF_EVENTS", "reports what programs see"),
    )
)
HASHES = (
    KernelOption("CRYPTO_SHA1", "tells programs apart", known_as=("CRYPTO_LIB_SHA1",)),
    KernelOption("CRYPTO_USER_API_HASH", "tells programs apart"),
    KernelOption("SCHEDSTATS", "measures programs"),
)
# Masquerading by iptables, where eBPF does not do it.
MASQUERADE = tuple(
    KernelOption(option, "masquerades by sets of addresses")
    for option in ("NETFILTER_XT_SET", "IP_SET", "IP_SET_HASH_IP", "NETFILTER_XT_MATCH_COMMENT")
)
# L7 and DNS policies send packets to a proxy.
PROXY = tuple(
    KernelOption(option, "hands packets to a proxy")
    for option in (
        "NETFILTER_XT_TARGET_TPROXY",
        "NETFILTER_XT_TARGET_MARK",
        "NETFILTER_XT_TARGET_CT",
        "NETFILTER_XT_MATCH_MARK",
        "NETFILTER_XT_MATCH_SOCKET",
    )
)
# Linux has no INET_XFRM_MODE_TUNNEL and no CRYPTO_AEAD2 of their own any more; what pulls them in stands here.
IPSEC = tuple(
    KernelOption(option, "encrypts by IPsec")
    for option in (
        "XFRM",
        "XFRM_USER",
        "XFRM_STATISTICS",
        "XFRM_OFFLOAD",
        "INET_ESP",
        "INET6_ESP",
        "CRYPTO_GCM",
        "CRYPTO_SEQIV",
        "CRYPTO_AES",
    )
)

# Before Linux 5.11 maps counted against RLIMIT_MEMLOCK, and containers have theirs of the runtime.
MEMLOCK = "/etc/systemd/system/containerd.service.d/10-underlay-memlock.conf"


def ebpf_prerequisites(*more: KernelOption) -> tuple[Resource, ...]:
    """Kernel options (the core, and `more`), types, bpffs, the JIT, memory for maps.

    kernel.unprivileged_bpf_disabled is left alone: agents are privileged, and the setting guards against everybody
    else. The agents mount their cgroup2 themselves (/run/cilium/cgroupv2, /run/calico/cgroup).
    """
    return (
        *CORE,
        *more,
        Btf(),
        Mount("/sys/fs/bpf", "bpf", "nosuid,nodev,noexec,mode=700"),
        # Kernels with BPF_JIT_ALWAYS_ON keep it on, and some show it in no namespace but the first.
        Sysctl("net.core.bpf_jit_enable", "1", where_present=True),
        File(MEMLOCK, "[Service]\nLimitMEMLOCK=infinity\n"),
    )


def no_reverse_path_filter(*links: str) -> tuple[Resource, ...]:
    """Links, by name or pattern, whose packets may come from where the routing table does not point.

    The kernel takes the higher of `all` and the link's own, so both are set; links of others keep their own.
    """
    return (
        Sysctl("net.ipv4.conf.all.rp_filter", "0"),
        *(SysctlPattern(f"net.ipv4.conf.{link}.rp_filter", "0") for link in dict.fromkeys(links)),
    )
