"""What plugins that cannot be had here leave on a host, made by hand under their published names: a reset takes all of
it, and nothing that an operator has beside it.

BPF programs are real ones of the kernel, IPsec policies too; it has no ESP, and so no associations.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from .deployed import Deployed
from .host_snapshot import difference, snapshot
from .operators_own import put
from .random_own import PREPARE, RandomThings
from .waiting import until

pytestmark = [pytest.mark.lab]

LAB = {"name": "prints", "network": "10.142.0.0/16", "workers": 0, "racks": 1}
EARLIER = ("cilium-ipsec", "weave-encrypted")
PROGRAMS = f"cat >/tmp/bpf.py <<'END'\n{Path(__file__).with_name('bpf_programs.py').read_text()}\nEND\n"
# A pod's network namespace, as containerd names and mounts it.
POD = "/run/netns/cni-6c1d9d2e-4a7b-5c0f-93a1-2f5f0d6e8b11"
BPF = "python3 -B /tmp/bpf.py"

# An operator's beside what operators_own puts there: they look like what a plugin attaches, encrypts and collects.
OWN = rf"""
set -eu
mount -t bpf bpf /sys/fs/bpf
{BPF} tc site_filter /sys/fs/bpf/site/filter
tc qdisc add dev vxlan7 clsact
tc filter add dev vxlan7 ingress pref 7 bpf direct-action object-pinned /sys/fs/bpf/site/filter
ipset create weave-office hash:ip; ipset add weave-office 192.0.2.70
ipset create calico-office hash:net
ip rule add priority 9 from 192.0.2.66 lookup 2004; ip route add 198.51.100.64/26 dev calico-office table 2004
ip -6 rule add priority 10 from 2001:db8::1 lookup 78
ip xfrm policy add src 192.0.2.0/24 dst 198.51.100.0/24 dir out \
  tmpl src 192.0.2.65 dst 203.0.113.1 proto esp mode tunnel
ip xfrm policy add src 0.0.0.0/0 dst 203.0.113.0/24 dir fwd mark 0x3e00 mask 0xff00 \
  tmpl src 203.0.113.1 dst 192.0.2.65 proto esp mode tunnel
"""

# felix/dataplane/linux, libcalico-go and felix/bpf of 3.32: pods' links, the overlay, the two of the eBPF data plane,
# sets, chains, tables, programs by tc on other links, by tcx and on the cgroup through links that are pinned.
CALICO = rf"""
set -eu
mkdir -p /run/netns; touch {POD}; unshare --net={POD} true
ip link add cali0123456789a type veth peer name eth0 netns {POD}
ip link set cali0123456789a up
ip route add 10.244.0.66/32 dev cali0123456789a proto 80
ip link add vxlan.calico type vxlan id 4096 dstport 4789 dev eth0
ip address add 10.244.0.64/32 dev vxlan.calico; ip link set vxlan.calico up
ip link add bpfin.cali type veth peer name bpfout.cali
ip route add blackhole 10.244.0.64/26 proto 80
nft add table ip calico; nft add table ip6 calico; nft add table arp calico-arp
iptables -N cali-FORWARD; iptables -N cali-to-wl-dispatch
iptables -A cali-FORWARD -j cali-to-wl-dispatch; iptables -I FORWARD -j cali-FORWARD
ipset create cali40s:abc-d hash:net; ipset create cali60all-pools hash:net family inet6
ipset create cali4t5 hash:net
mkdir -p /run/calico/cgroup /var/lib/calico /var/log/calico/cni /etc/cni/net.d
mount -t cgroup2 cgroup /run/calico/cgroup
{BPF} tc cali_tc_preamble /sys/fs/bpf/tc/globals/cali_jump2
tc qdisc add dev eth0 clsact
tc filter add dev eth0 ingress pref 49152 bpf direct-action object-pinned /sys/fs/bpf/tc/globals/cali_jump2
tc filter add dev eth0 egress pref 49152 bpf direct-action object-pinned /sys/fs/bpf/tc/globals/cali_jump2
{BPF} tcx cali_tc_preamble /sys/fs/bpf/tcx/eth0_ingress eth0
{BPF} cgroup calico_connect_v4 /sys/fs/bpf/ctlb/calico_connect_v4 /run/calico/cgroup
echo '{{}}' >/etc/cni/net.d/10-calico.conflist; echo x >/etc/cni/net.d/calico-kubeconfig
cp /bin/true /opt/cni/bin/calico; cp /bin/true /opt/cni/bin/calico-ipam; echo w-1 >/var/lib/calico/nodename
"""

# pkg/datapath of 1.20: the agent's links (on another port: flannel.1 has 8472), pods' links, node sets, old and new
# chains, a program by tc beside the operator's on one link, XDP, pins, and the three kinds of policies of its IPsec.
CILIUM = rf"""
set -eu
ip link add cilium_host type veth peer name cilium_net
ip address add 10.244.0.5/32 dev cilium_host; ip link set cilium_host up; ip link set cilium_net up
ip link add cilium_vxlan type vxlan external dstport 8473; ip link set cilium_vxlan up
ip link add lxc0123456789ab type veth peer name eth1 netns {POD}
ip route add 10.244.2.0/24 dev cilium_host
ip rule add priority 9 fwmark 0x200/0xf00 lookup 2004; ip route add local 0.0.0.0/0 dev lo table 2004
ip rule add priority 10 fwmark 0xa00/0xf00 lookup 2005
ip route add local 10.244.0.5/32 dev lo table 2005
ip -6 rule add priority 9 fwmark 0x200/0xf00 lookup 2004; ip -6 route add local ::/0 dev lo table 2004
ipset create cilium_node_set_v4 hash:ip; ipset create cilium_node_set_v6 hash:ip family inet6
iptables -t nat -N CILIUM_POST_nat; iptables -t nat -N OLD_CILIUM_POST_nat
iptables -t nat -A CILIUM_POST_nat -m set --match-set cilium_node_set_v4 dst -j ACCEPT
iptables -t nat -I POSTROUTING -m comment --comment "cilium-feeder: CILIUM_POST_nat" -j CILIUM_POST_nat
{BPF} tc cil_from_netdev /sys/fs/bpf/cilium/devices/vxlan7/cil_from_netdev
tc filter add dev vxlan7 ingress pref 1 bpf direct-action \
  object-pinned /sys/fs/bpf/cilium/devices/vxlan7/cil_from_netdev
{BPF} xdp cil_xdp_entry /sys/fs/bpf/cilium/devices/cilium-lab/cil_xdp_entry
ip link set dev cilium-lab xdp pinned /sys/fs/bpf/cilium/devices/cilium-lab/cil_xdp_entry
{BPF} tc cil_to_netdev /sys/fs/bpf/tc/globals/cilium_calls_netdev_00002
here=10.142.1.11 there=10.142.1.12
ip xfrm policy add src 0.0.0.0/0 dst 10.244.1.0/24 dir out mark 0x12343e00 mask 0xffffff00 \
  tmpl src $here dst $there proto esp reqid 1 mode tunnel
ip xfrm policy add src 0.0.0.0/0 dst 0.0.0.0/0 dir fwd priority 2975 \
  tmpl src 0.0.0.0 dst 10.244.0.5 proto esp reqid 1 mode tunnel level use
ip xfrm policy add src 0.0.0.0/0 dst 10.244.0.0/16 dir out priority 100 action block
mkdir -p /run/cilium/cgroupv2 /var/lib/cilium; mount -t cgroup2 none /run/cilium/cgroupv2
echo '{{}}' >/etc/cni/net.d/05-cilium.conflist; cp /bin/true /opt/cni/bin/cilium-cni
echo 'net.ipv4.conf.lxc*.rp_filter = 0' >/etc/sysctl.d/99-zzz-override_cilium.conf
"""

# net/bridge.go and npc of Weave 2.9; this kernel has no openvswitch, and so its datapath is left out.
WEAVE = r"""
set -eu
ip link add weave type bridge; ip address add 10.244.128.0/16 dev weave; ip link set weave up
ip link add vethwe-bridge type veth peer name vethwe-datapath
ip link add vxlan-6784 type vxlan external dstport 6784
iptables -t nat -N WEAVE; iptables -N WEAVE-NPC; iptables -N WEAVE-NPC-DEFAULT
iptables -A WEAVE-NPC -j WEAVE-NPC-DEFAULT; iptables -A FORWARD -o weave -j WEAVE-NPC
iptables -t nat -A POSTROUTING -j WEAVE
ipset create weaver-no-masq-local hash:net
ipset create 'weave-;rGqyMIl1HN^cfDki~Z$3]6!N' hash:ip
ipset create 'weave-k?Z;25^M}|1s7P3|H9i;*;MhG' list:set
ipset add 'weave-k?Z;25^M}|1s7P3|H9i;*;MhG' 'weave-;rGqyMIl1HN^cfDki~Z$3]6!N'
mkdir -p /var/lib/weave; echo '{}' >/etc/cni/net.d/10-weave.conflist
cp /bin/true /opt/cni/bin/weave-net; cp /bin/true /opt/cni/bin/weave-ipam; cp /bin/true /opt/cni/bin/weave-plugin-2.9.0
"""

# An operator's, with names nearly a plugin's: what was there before the first deploy, and what came after it.
SEED = int(os.environ.get("UNDERLAY_SEED", "7"))
EARLY, LATE = RandomThings(SEED, "a"), RandomThings(SEED, "b", late=True)
OF_KUBERNETES = r"""
ls /etc/kubernetes/*.conf /var/lib/kubelet/config.yaml /var/lib/etcd/member /etc/cni/net.d/*.conflist 2>/dev/null
ip -o link show cni0 2>/dev/null; nft list ruleset | grep -E '(chain|jump) KUBE-|kube-proxy|flannel-ipv4'; true"""
# What nobody can give back who has no record of it, and what is in directories of plugins' own.
UNKNOWN = (
    *("- sysctl ", "- unit", "- path /etc/containerd/config.toml", "- path /usr/local/bin/kubectl", "- qdisc"),
    *("- path /run d ", "- path /run/flannel", "- path /var/lib/", "- path /var/log/pods"),
)


@pytest.fixture(scope="module")
def prints() -> Iterator[tuple[Deployed, list[str]]]:
    """A node with an operator's things on it, and what it was before its first deploy."""
    lab = Deployed(lab=LAB, cluster={"network": {"mode": "flannel-vxlan"}})
    with lab.booted():
        put(lab, "cp-1")
        lab.ssh("cp-1", PROGRAMS + OWN)
        lab.ssh("cp-1", PREPARE)
        lab.ssh("cp-1", EARLY.script("made"))
        before = snapshot(lab, "cp-1")
        run = lab.deploy("--data", "verify=false")
        assert run.code == 0, run.end
        lab.ssh("cp-1", LATE.script("made"))
        yield lab, before


def test_a_reset_takes_them_all_and_what_is_an_operators_stays(prints: tuple[Deployed, list[str]]) -> None:
    lab, before = prints
    for made in (CALICO, CILIUM, WEAVE):
        lab.ssh("cp-1", made)
    lab.ssh("cp-1", f"printf '%s\\n' {' '.join(EARLIER)} >>/var/lib/underlay/record/modes")
    loaded = lab.ssh("cp-1", f"{BPF} list")
    assert {"cali_tc_preambl", "calico_connect_", "cil_from_netdev", "cil_xdp_entry"} <= set(loaded.split())
    reset = lab.underlay("reset", "--yes", network={"mode": "calico-vxlan", "data_plane": "ebpf"})
    assert reset.code == 0, reset.end
    for things in (EARLY, LATE):
        lab.ssh("cp-1", things.script("kept"))
    lab.ssh("cp-1", LATE.script("undone"))
    left = difference(before, snapshot(lab, "cp-1"))
    assert not left, "\n".join(left)
    # The kernel frees a program a moment after its last user has gone.
    until(lambda: not _of_plugins(lab.ssh("cp-1", f"{BPF} list")), within=30)
    assert "site_filter" in lab.ssh("cp-1", f"{BPF} list").split()


def test_another_clusters_host_is_taken_back_only_if_told(prints: tuple[Deployed, list[str]]) -> None:
    lab, before = prints
    assert lab.deploy("--data", "verify=false").code == 0
    refused = lab.underlay("reset", "--yes", cluster_name="berlin")
    assert refused.code == 1
    assert "cp-1: is of another cluster (prints 10.142.1.11:6443); `underlay reset --other-cluster`" in refused.text
    lab.kubectl("get", "nodes")
    reset = lab.underlay("reset", "--other-cluster", "--yes", cluster_name="berlin")
    assert reset.code == 0, reset.end
    assert difference(before, snapshot(lab, "cp-1")) == []


def test_another_clusters_member_is_left_alone_unless_told_and_joins_ours_then(
    prints: tuple[Deployed, list[str]],
) -> None:
    lab, before = prints
    assert lab.deploy("--data", "verify=false").code == 0
    # Nothing here says any more who made it a member.
    lab.ssh("cp-1", "rm -rf /var/lib/underlay")
    left = lab.underlay("reset", "--yes")
    assert left.code == 0, left.end
    assert "of a cluster that was not deployed from here" in left.text
    assert "`underlay reset --without-record` takes Kubernetes away all the same" in left.text
    lab.kubectl("get", "nodes")
    reset = lab.underlay("reset", "--without-record", "--yes")
    assert reset.code == 0, reset.end
    assert "etcd's data is in backups/" in reset.text
    assert lab.ssh("cp-1", OF_KUBERNETES) == ""
    missing = [line for line in difference(before, snapshot(lab, "cp-1")) if line.startswith("- ")]
    assert not [line for line in missing if not line.startswith(UNKNOWN)], "\n".join(missing)
    # A node of a cluster that is gone is an ordinary host again.
    again = lab.deploy()
    assert again.code == 0, again.end


def _of_plugins(names: str) -> list[str]:
    return [name for name in names.split() if name.startswith(("cali", "cil_"))]
