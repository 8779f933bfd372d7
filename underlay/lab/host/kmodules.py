"""Kernel modules for `modprobe` in hosts: the machine's own, or a list of what is built into its kernel."""

import gzip
import hashlib
import re
import shutil
from pathlib import Path

from underlay.lab.model import paths
from underlay.lab.model.errors import LabError
from underlay.lab.system.commands import run
from underlay.lab.system.locks import lock
from underlay.lab.system.machine import Machine

# Loaded on the machine before hosts boot: network namespaces and overlays need them, and a host's sysctl keys
# (net.bridge.*, nf_conntrack_*) exist only once they are there.
NEEDED = ("overlay", "veth", "bridge", "br_netfilter", "vxlan", "nf_conntrack", "nf_tables", "tun", "fuse")

_BUILT_IN = """
OVERLAY_FS fs/overlayfs/overlay
FUSE_FS fs/fuse/fuse
XFS_FS fs/xfs/xfs
BTRFS_FS fs/btrfs/btrfs
BLK_DEV_LOOP drivers/block/loop
BRIDGE net/bridge/bridge
BRIDGE_NETFILTER net/bridge/br_netfilter
VETH drivers/net/veth
VXLAN drivers/net/vxlan/vxlan
GENEVE drivers/net/geneve
MACVLAN drivers/net/macvlan
IPVLAN drivers/net/ipvlan/ipvlan
TUN drivers/net/tun
DUMMY drivers/net/dummy
BONDING drivers/net/bonding/bonding
NET_VRF drivers/net/vrf
WIREGUARD drivers/net/wireguard/wireguard
VLAN_8021Q net/8021q/8021q
NET_IPIP net/ipv4/ipip
NET_IPGRE net/ipv4/ip_gre
IPV6_SIT net/ipv6/sit
INET_DIAG net/ipv4/inet_diag
INET_ESP net/ipv4/esp4
TCP_DIAG net/ipv4/tcp_diag
TCP_CONG_BBR net/ipv4/tcp_bbr
XFRM_USER net/xfrm/xfrm_user
NF_CONNTRACK net/netfilter/nf_conntrack
NF_CONNTRACK_NETLINK net/netfilter/nf_conntrack_netlink
NF_NAT net/netfilter/nf_nat
NF_TABLES net/netfilter/nf_tables
NFT_COMPAT net/netfilter/nft_compat
NFT_CT net/netfilter/nft_ct
NFT_NAT net/netfilter/nft_chain_nat
NFT_MASQ net/netfilter/nft_masq
NFT_FIB net/netfilter/nft_fib
NETFILTER_XTABLES net/netfilter/x_tables
NETFILTER_XT_MARK net/netfilter/xt_mark
NETFILTER_XT_SET net/netfilter/xt_set
NETFILTER_XT_NAT net/netfilter/xt_nat
NETFILTER_XT_TARGET_CT net/netfilter/xt_CT
NETFILTER_XT_TARGET_NFLOG net/netfilter/xt_NFLOG
NETFILTER_XT_TARGET_MASQUERADE net/netfilter/xt_MASQUERADE
NETFILTER_XT_TARGET_REDIRECT net/netfilter/xt_REDIRECT
NETFILTER_XT_TARGET_TPROXY net/netfilter/xt_TPROXY
NETFILTER_XT_MATCH_ADDRTYPE net/netfilter/xt_addrtype
NETFILTER_XT_MATCH_COMMENT net/netfilter/xt_comment
NETFILTER_XT_MATCH_CONNTRACK net/netfilter/xt_conntrack
NETFILTER_XT_MATCH_LIMIT net/netfilter/xt_limit
NETFILTER_XT_MATCH_MULTIPORT net/netfilter/xt_multiport
NETFILTER_XT_MATCH_PHYSDEV net/netfilter/xt_physdev
NETFILTER_XT_MATCH_RECENT net/netfilter/xt_recent
NETFILTER_XT_MATCH_SOCKET net/netfilter/xt_socket
NETFILTER_XT_MATCH_STATISTIC net/netfilter/xt_statistic
IP_SET net/netfilter/ipset/ip_set
IP_SET_HASH_IP net/netfilter/ipset/ip_set_hash_ip
IP_SET_HASH_NET net/netfilter/ipset/ip_set_hash_net
IP_VS net/netfilter/ipvs/ip_vs
IP_VS_RR net/netfilter/ipvs/ip_vs_rr
IP_VS_WRR net/netfilter/ipvs/ip_vs_wrr
IP_VS_SH net/netfilter/ipvs/ip_vs_sh
IP_NF_IPTABLES net/ipv4/netfilter/ip_tables
IP_NF_FILTER net/ipv4/netfilter/iptable_filter
IP_NF_TARGET_REJECT net/ipv4/netfilter/ipt_REJECT
IP_NF_NAT net/ipv4/netfilter/iptable_nat
IP_NF_MANGLE net/ipv4/netfilter/iptable_mangle
IP_NF_RAW net/ipv4/netfilter/iptable_raw
IP6_NF_IPTABLES net/ipv6/netfilter/ip6_tables
IP6_NF_FILTER net/ipv6/netfilter/ip6table_filter
IP6_NF_TARGET_REJECT net/ipv6/netfilter/ip6t_REJECT
IP6_NF_NAT net/ipv6/netfilter/ip6table_nat
IP6_NF_MANGLE net/ipv6/netfilter/ip6table_mangle
IP6_NF_RAW net/ipv6/netfilter/ip6table_raw
NET_CLS_BPF net/sched/cls_bpf
NET_SCH_INGRESS net/sched/sch_ingress
NET_SCH_FQ net/sched/sch_fq
"""


def directory(machine: Machine) -> Path:
    """Return the /lib/modules/RELEASE that hosts mount: the machine's own, or one that lists what is built in."""
    if machine.modules:
        return machine.modules
    listing = built_in(_kernel_configuration(machine.release))
    made = paths.images() / f"modules-{hashlib.sha256(listing.encode()).hexdigest()[:16]}"
    if not made.is_dir():
        with lock("modules"):
            if not made.is_dir():
                _make(made, machine.release, listing)
    return made / "lib/modules" / machine.release


def load(machine: Machine) -> None:
    """Load the modules on the machine that hosts need before they boot."""
    if machine.modules:
        for module in NEEDED:
            try:
                run("modprobe", module)
            except LabError:  # built in under another name, or not built; what needs it reports it
                continue


def built_in(configuration: str) -> str:
    """Return the text of a kernel's modules.builtin, from its configuration."""
    enabled = set(re.findall(r"^CONFIG_(\w+)=y$", configuration, re.MULTILINE))
    pairs = (line.split() for line in _BUILT_IN.split("\n") if line)
    return "".join(f"kernel/{path}.ko\n" for option, path in pairs if option in enabled)


def _make(made: Path, release: str, listing: str) -> None:
    new = made.with_name(f"{made.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    inside = new / "lib/modules" / release
    inside.mkdir(parents=True)
    (inside / "modules.builtin").write_text(listing, encoding="utf-8")
    (inside / "modules.order").write_text("", encoding="utf-8")
    run("depmod", "-b", str(new), release)
    new.rename(made)


def _kernel_configuration(release: str) -> str:
    packed, plain = Path("/proc/config.gz"), Path(f"/boot/config-{release}")
    if packed.exists():
        return gzip.decompress(packed.read_bytes()).decode()
    return plain.read_text(encoding="utf-8") if plain.exists() else ""
