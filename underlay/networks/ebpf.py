"""What an eBPF data plane requires of a host, whichever plugin loads the programs."""

from __future__ import annotations

from underlay.resources.btf import Btf
from underlay.resources.file import File
from underlay.resources.kernel_option import KernelOption
from underlay.resources.mount import Mount
from underlay.resources.resource import Resource
from underlay.resources.sysctl import Sysctl
from underlay.resources.sysctl_pattern import SysctlPattern

# From Cilium's "System Requirements", as the sets below; Calico publishes no list.
CORE = tuple(
    KernelOption(option, purpose)
    for option, purpose in (
        ("BPF_SYSCALL", "loads eBPF programs"),
        ("BPF_JIT", "compiles eBPF programs"),
        ("NET_CLS_ACT", "attaches programs to links"),
        ("NET_CLS_BPF", "attaches programs to links"),
        ("NET_SCH_INGRESS", "attaches programs to links"),
        ("CGROUP_BPF", "load-balances Services at the socket"),
        ("PERF_EVENTS", "passes events from eBPF programs to the agent"),
    )
)
HASHES = (
    KernelOption("CRYPTO_SHA1", "identifies eBPF programs", known_as=("CRYPTO_LIB_SHA1",)),
    KernelOption("CRYPTO_USER_API_HASH", "identifies eBPF programs"),
    KernelOption("SCHEDSTATS", "measures eBPF programs"),
)
# For masquerading by iptables, where eBPF does not do it.
MASQUERADE = tuple(
    KernelOption(option, "masquerades with IP sets")
    for option in ("NETFILTER_XT_SET", "IP_SET", "IP_SET_HASH_IP", "NETFILTER_XT_MATCH_COMMENT")
)
# L7 and DNS policies redirect packets to a proxy.
PROXY = tuple(
    KernelOption(option, "redirects packets to a proxy")
    for option in (
        "NETFILTER_XT_TARGET_TPROXY",
        "NETFILTER_XT_TARGET_MARK",
        "NETFILTER_XT_TARGET_CT",
        "NETFILTER_XT_MATCH_MARK",
        "NETFILTER_XT_MATCH_SOCKET",
    )
)
# INET_XFRM_MODE_TUNNEL and CRYPTO_AEAD2 are no longer options of their own; these select them.
IPSEC = tuple(
    KernelOption(option, "encrypts with IPsec")
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

# Before Linux 5.11 maps counted against RLIMIT_MEMLOCK, which containers inherit from the runtime.
MEMLOCK = "/etc/systemd/system/containerd.service.d/10-underlay-memlock.conf"


def ebpf_prerequisites(*more: KernelOption) -> tuple[Resource, ...]:
    """What every node of an eBPF data plane has: kernel options (the core, and `more`), BTF, bpffs, JIT, locked memory.

    kernel.unprivileged_bpf_disabled is left as it is: agents are privileged, and the setting guards against everything
    else. The agents mount their cgroup2 themselves (/run/cilium/cgroupv2, /run/calico/cgroup).
    """
    return (
        *CORE,
        *more,
        Btf(),
        Mount("/sys/fs/bpf", "bpf", "nosuid,nodev,noexec,mode=700"),
        # Kernels with BPF_JIT_ALWAYS_ON keep it on, and some show it in the initial network namespace only.
        Sysctl("net.core.bpf_jit_enable", "1", where_present=True),
        File(MEMLOCK, "[Service]\nLimitMEMLOCK=infinity\n"),
    )


def no_reverse_path_filter(*links: str) -> tuple[Resource, ...]:
    """Switches rp_filter off for links, by name or pattern, whose packets do not arrive by the path of the route back.

    The kernel applies the higher of `all` and the link's value, so both are set; other links keep theirs.
    """
    return (
        Sysctl("net.ipv4.conf.all.rp_filter", "0"),
        *(SysctlPattern(f"net.ipv4.conf.{link}.rp_filter", "0") for link in dict.fromkeys(links)),
    )
