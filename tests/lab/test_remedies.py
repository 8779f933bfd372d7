"""Whatever stands in a deploy's way on a host, what is printed to do about it does away with it, to the letter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .deployed import Deployed
from .remedy import Condition, walk
from .waiting import listening

pytestmark = [pytest.mark.lab]

LAB = {
    "name": "cured",
    "network": "10.217.0.0/16",
    "network_v6": "fd00:217::/48",
    "control_planes": 3,
    "workers": 1,
    "racks": 1,
}
ACCEPTED = {"disk-slow": "the hosts of a lab share one disk"}
CLUSTER = {"accepted": ACCEPTED, "control_plane_endpoint": "10.217.1.11:6443"}
# Of inventories/lab.py, what preflight asks about.
KUBELET = {"failSwapOn": False, "failCgroupV1": False}
NAME = "k8s-api.corp.example"

# What other clusters, network plugins and programs have left.
FOREIGN = (
    Condition(
        "other-cluster", "w-1", "mkdir -p /etc/kubernetes; touch /etc/kubernetes/kubelet.conf",
        "take the host out of the inventory, or move away what is left of it: (?P<command>mv .*)",
    ),
    Condition(
        "control-plane-present", "cp-2",
        "mkdir -p /etc/kubernetes/manifests; touch /etc/kubernetes/manifests/kube-apiserver.yaml",
        "take the host out of the inventory, or move away what is left of it: (?P<command>mv .*)",
    ),
    Condition(
        "etcd-data", "cp-1", "mkdir /var/lib/etcd/lost+found",
        "remove it: (?P<command>rmdir .*)",
    ),
    Condition(
        "etcd-data", "cp-2", "mkdir -p /var/lib/etcd/member/snap; touch /var/lib/etcd/member/snap/db",
        r"move it away: (?P<command>mkdir /var/lib/etcd.old && find .*)",
    ),
    # No file system of its own.
    Condition(
        "etcd-data", "cp-3",
        "umount /var/lib/etcd; mkdir -p /var/lib/etcd/member/snap; touch /var/lib/etcd/member/snap/db",
        "move it away: (?P<command>mv .*)",
    ),
    Condition(
        "pki-present", "cp-1",
        "mkdir -p /etc/kubernetes/pki; touch /etc/kubernetes/pki/ca.crt /etc/kubernetes/pki/ca.key",
        "else move it away: (?P<command>mv .*)",
    ),
    Condition(
        "cni-present", "w-1", "mkdir -p /etc/cni/net.d; touch /etc/cni/net.d/05-other.conflist",
        r"remove it from (?P<folder>\S+)", "rm {folder}/{file}", measured=r".* \((?P<file>\S+)\)",
    ),
    Condition(
        "link-present", "cp-1", "ip link add flannel.1 type vxlan id 1 dev eth0 dstport 4789",
        "remove the plugin that created it, then `(?P<command>ip link delete .*)`",
    ),
    Condition(
        "subnet-overlaps-address", "w-1", "ip link add cni0 type bridge; ip address add 10.244.1.1/24 dev cni0",
        "`(?P<command>ip link delete .*)`",
    ),
    Condition(
        "subnet-overlaps-route", "cp-2", "ip route add 10.244.7.0/24 dev eth0 table 52",
        "`(?P<command>ip rule add to .*)` at every boot, take the subnet out of .*",
    ),
    Condition(
        "port-taken", "cp-3", f"systemd-run -q socat TCP-LISTEN:10250,fork /dev/null; {listening('t', 10250)}",
        "stop it", "kill {process}; while kill -0 {process}; do sleep 0.1; done 2>/dev/null",
        measured=r"tcp 10250 is taken by socat \(pid (?P<process>\d+)\)",
    ),
)  # fmt: skip
# Debian's package, made anew of its own files: a host of a lab reaches no mirror.
PACKAGED = r"""
mkdir -p /srv/debs /srv/made/DEBIAN; cd /srv/made
dpkg -s iproute2 | sed '/^Status:/d; /^Conffiles:/,/^[^ ]/ {/^Conffiles:/d; /^ /d}' >DEBIAN/control
dpkg -L iproute2 | while read -r file; do
  if [ -f "$file" ]; then mkdir -p ".${file%/*}"; cp -a "$file" ".$file"; fi
done
dpkg-deb -b . /srv/debs/iproute2.deb; cd /srv/debs
{ cat /srv/made/DEBIAN/control; echo Filename: ./iproute2.deb; stat -c 'Size: %s' iproute2.deb
  echo "SHA256: $(sha256sum iproute2.deb | cut -d ' ' -f 1)"; } >Packages
rm -f /etc/apt/sources.list.d/*; echo 'deb [trusted=yes] file:/srv/debs ./' >/etc/apt/sources.list; apt-get update
"""
# What kubeadm would stumble over, and a program that is asked.
BEFORE_JOINS = (
    Condition(
        "unanswered", "cp-3", f"{PACKAGED} rm /usr/bin/ss",
        "run `(?P<command>apt-get install --reinstall .*)` there",
        measured=r"could not be asked .* \(ss is not installed\)",
    ),
    Condition(
        "pki-incomplete", "cp-1", "mkdir -p /etc/kubernetes/pki; touch /etc/kubernetes/pki/ca.crt",
        "add the other, or move it away: (?P<command>mv .*)", "rm -rf /etc/kubernetes/pki.old; {command}",
    ),
    Condition(
        "pki-foreign", "cp-2", "mkdir -p /etc/kubernetes/pki; echo other >/etc/kubernetes/pki/sa.pub",
        "move it away: (?P<command>mv .*)",
    ),
    Condition(
        "pki-foreign", "w-1", "mkdir -p /etc/kubernetes/pki; touch /etc/kubernetes/pki/ca.crt",
        "move it away: (?P<command>mv .*)",
    ),
)  # fmt: skip
# How hosts are configured; two were cloned of one.
CLONED = "echo 00000000000000000000000000000001 >/etc/machine-id"
SERVER = "echo nameserver 10.217.0.1 >/etc/resolv.conf"
CONFIGURED = (
    Condition("resolver-missing", "cp-1", f"mv /etc/resolv.conf /etc/resolv.conf.away; {CLONED}",
              "create it: without it the kubelet starts no pod", SERVER),
    Condition("resolver-empty", "cp-2", "echo search example.org >/etc/resolv.conf",
              "name a server that pods reach: CoreDNS does not start without one", SERVER),
    Condition("resolver-loop", "cp-3", "echo nameserver 127.0.0.53 >/etc/resolv.conf",
              "name a server that pods reach, or use systemd-resolved", SERVER),
    Condition("resolver-link-local", "w-1", "echo nameserver fe80::1%eth0 >/etc/resolv.conf",
              "name a server that pods reach", SERVER),
    Condition("file-system-noexec", "w-1", "mount -t tmpfs -o noexec none /opt",
              "remount it with (?P<option>exec)", "mount -o remount,{option} /opt", measured="/opt/cni/bin is .*"),
    Condition("volumes-noexec", "cp-1", "mkdir -p /var/lib/kubelet; mount -t tmpfs -o noexec none /var/lib/kubelet",
              "remount it with (?P<option>exec)", "mount -o remount,{option} {place}",
              measured=r"(?P<place>\S+) is .*"),
    Condition("file-system-read-only", "cp-2", "mkdir -p /opt/cni/bin; mount -t tmpfs -o ro none /opt/cni/bin",
              "mount it read-write", "mount -o remount,rw {place}",
              measured=r"(?P<place>\S+) cannot be written \(ro\)"),
    Condition("tmp-full", "w-1", "mount -t tmpfs -o size=40m none /tmp; head -c 30m /dev/zero >/tmp/full",
              r"\d+ MB are needed: remove files there", "rm {place}/full",
              measured=r"too little space in (?P<place>\S+) .*"),
    Condition("swap-at-boot", "w-1", "echo '@reboot root swapon /swap' >/etc/cron.d/swap",
              "take the line with (?P<word>swapon) out", "sed -i /{word}/d {file}",
              measured=r"swap is turned on by (?P<file>\S+), which .*"),
    Condition("proxy-inside", "cp-1", "echo http_proxy=http://192.0.2.9:3128 >>/etc/environment",
              r".*: for programs of yours, add to (?P<name>no_proxy) in (?P<file>\S+) (?P<value>\S+)",
              "echo {name}={value} >>{file}"),
    Condition("source-other", "w-1", "ip address add 10.217.1.200/24 dev eth0; "
              "ip route replace 10.217.1.11/32 dev eth0 src 10.217.1.200",
              r"set (?P<source>src \S+) on that route, or give the inventory 10\.217\.1\.200",
              "ip route replace 10.217.1.11/32 dev eth0 {source}"),
    Condition("machine-id-duplicate", "cp-2", CLONED,
              "run (?P<command>systemd-machine-id-setup) after removing (?P<file>.*)", "rm {file}; {command}"),
    Condition("hostname-duplicate", "w-1", "hostname cp-1", "give every host its own name", "hostname w-1"),
)  # fmt: skip
# The endpoint's name, as each host has it in /etc/hosts: cp-3 has it right.
ENDPOINT = (
    Condition("endpoint-loopback", "cp-1", f"sed -i /_proxy=/d /etc/environment; echo 127.0.1.1 {NAME} >>/etc/hosts",
              "correct its (?P<file>/etc/hosts): kubelets and Services reach the API by this name",
              "sed -i 's/^127.0.1.1 k8s/10.217.1.11 k8s/' {file}"),
    Condition("endpoint-unresolved", "cp-2", "true",
              "enter it in DNS, or in (?P<file>/etc/hosts) of every host", "echo 10.217.1.11 {name} >>{file}",
              measured="the host.* (?P<name>k8s-api.corp.example), the control_plane_endpoint"),
    Condition("endpoint-differs", "w-1", f"echo 192.0.2.7 {NAME} >>/etc/hosts",
              "compare (?P<file>/etc/hosts) and DNS", "sed -i '/ {name}$/s/^{here}/{there}/' {file}",
              measured=r"(?P<name>\S+), the .*, is (?P<here>\S+) here and (?P<there>\S+) elsewhere"),
)  # fmt: skip
# What the inventory is to say otherwise, or the host.
CHOICES = (
    Condition("subnet-hides-address", "cp-1", "echo nameserver 10.96.0.53 >>/etc/resolv.conf",
              "choose another", inventory={"service_subnet": "192.168.96.0/20"}),
    Condition("subnet-overlaps-route", "cp-2", "ip route add 10.244.8.0/24 dev eth0",
              "choose another", inventory={"pod_subnet": "10.245.0.0/16"}, measured=".* dev eth0"),
    Condition("link-mtu-small", "cp-3", "ip link set eth0 mtu 1400",
              "lower path_mtu or raise the link's", "ip link set {link} mtu {needed}",
              measured=r"link (?P<link>\S+) has MTU 1400, below path_mtu (?P<needed>\d+)"),
)  # fmt: skip
# The name leads to a worker, as after an entry that was copied to the wrong line.
WORKERS = (
    Condition("endpoint-elsewhere", "cp-2", f"sed -i 's/^.* {NAME}$/10.217.1.21 {NAME}/' /etc/hosts",
              "correct (?P<file>/etc/hosts) or DNS: it leads to the control plane",
              "sed -i 's/^{here} {name}$/10.217.1.11 {name}/' {file}",
              measured=r"(?P<name>\S+), the control_plane_endpoint, is (?P<here>\S+) here, w-1's address, a worker"),
)  # fmt: skip
# What pods are to be given, and nobody has put there.
PODS_FILE = tuple(
    Condition("resolver-missing", host, "true", r"create it, or correct kubelet\.resolvConf",
              "cp /etc/resolv.conf {file}", measured=r"(?P<file>\S+) is missing, which pods are given")
    for host in ("cp-1", "cp-2", "cp-3", "w-1")
)  # fmt: skip
# A cloud's floating address, and one that was mistyped: no host has either.
ELSEWHERE = {"cp-2": {"address": "203.0.113.40"}, "w-1": {"address_v6": "fd00:217:1::99"}}
SECOND = {"pod_subnet_v6": "fd00:10:244::/56", "service_subnet_v6": "fd00:10:96::/112"}
ADDRESSES = (
    Condition("address-missing", "cp-2", "true", "correct the inventory's address", inventory={"own": {}},
              measured=r"no link has the address 203\.0\.113\.40"),
    Condition("address-missing", "w-1", "true", "correct the inventory's", inventory={"own": {}},
              measured="no link has the address_v6 fd00:217:1::99"),
)  # fmt: skip
UNPROBED = (
    Condition("host-unprobed", "w-1", "mv /usr/bin/python3 /usr/bin/python3.away",
              "install python3-minimal for the deploy, or accept that these hosts are not probed",
              inventory={"accepted": {"host-unprobed": "a hardened host", **ACCEPTED}},
              ended="mv /usr/bin/python3.away /usr/bin/python3"),
)  # fmt: skip


@pytest.fixture(scope="module")
def hosts() -> Iterator[Deployed]:
    """Four hosts that nothing was ever deployed to."""
    with Deployed(lab=LAB, cluster=CLUSTER).booted() as deployed:
        deployed.ssh("cp-3", f"echo 10.217.1.11 {NAME} >>/etc/hosts")
        yield deployed


@pytest.mark.parametrize(
    ("conditions", "cluster"),
    [
        pytest.param(FOREIGN, {}, id="what others have left"),
        pytest.param(BEFORE_JOINS, {}, id="what joins need"),
        pytest.param(CONFIGURED, {"swap": "off"}, id="configuration"),
        pytest.param(ENDPOINT, {"control_plane_endpoint": f"{NAME}:6443"}, id="the endpoint's name"),
        pytest.param(WORKERS, {"control_plane_endpoint": f"{NAME}:6443"}, id="a worker's name"),
        pytest.param(PODS_FILE, {"kubelet": {**KUBELET, "resolvConf": "/etc/pods.conf"}}, id="the file of pods"),
        pytest.param(ADDRESSES, {"own": ELSEWHERE, **SECOND}, id="addresses that no host has"),
        pytest.param(UNPROBED, {}, id="no prober"),
        pytest.param(CHOICES, {"path_mtu": 1500}, id="the inventory's choices"),
    ],
)
def test_each_remedy_is_followed_and_the_host_is_fit(
    hosts: Deployed, conditions: tuple[Condition, ...], cluster: dict[str, Any]
) -> None:
    walk(hosts, conditions, **cluster)
