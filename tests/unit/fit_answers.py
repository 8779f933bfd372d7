"""What a fit host that has nothing of Kubernetes says to the probes, as they print it."""

from __future__ import annotations

from underlay.plan.ground import PLACES

FIT = {
    "user": "0",
    "system": "debian 13",
    "kernel": "6.12.1-amd64",
    "arch": "x86_64",
    "memory": "4000",
    "cpus": "2",
    "cgroup": "cgroup2fs",
    "clock": "1000.5",
    "disk": "Avail 50000",
    "resolver": "present",
    "ports": "tcp22 ;",
    "routes": '[{"dst":"default","gateway":"192.0.2.254","dev":"eth0"}]',
    "rules": '[{"priority":0,"src":"all","table":"local"},{"priority":32766,"src":"all","table":"main"}]',
    "peers": "",
    "cni": "",
    "occupied": "",
    "pki": "",
    "member": "",
    "kubelet": "",
    "recorded": "",
    "nodes": "",
    "etcd": "",
    "proxies": "",
    "controllers": "cpuset cpu io memory hugetlb pids rdma misc",
    "mounts": "".join(f"{place} rw,relatime;" for place in PLACES),
    "inodes": "Inodes IFree 6553600 6000000",
    "tmp": "Avail 2000",
    "ipv6": "0 0",
    "swapon": "",
    "name-servers": "/etc/resolv.conf 198.51.100.53;/etc/resolv.conf 198.51.100.53;",
    "answering": "198.51.100.53",
    "time-servers": "2.debian.pool.ntp.org 198.51.100.123",
    "connections": "198.51.100.7:50022 sshd-session;",
    "configured": "",
    "names": "",
    "endpoint": "",
}
"""By the name of the probe, but for what is each host's own: names, machine-id and addresses."""
