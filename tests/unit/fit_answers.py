"""What a fit host says about its surroundings and its ground, as the probes print it."""

from __future__ import annotations

from underlay.plan.ground import PLACES

SURROUNDINGS = {
    "controllers": "cpuset cpu io memory hugetlb pids rdma misc",
    "mounts": "".join(f"{place} rw,relatime;" for place in PLACES),
    "inodes": "Inodes IFree 6553600 6000000",
    "tmp": "Avail 2000",
    "ipv6": "0 0",
    "name-servers": "/etc/resolv.conf 198.51.100.53;/etc/resolv.conf 198.51.100.53;",
    "answering": "198.51.100.53",
    "time-servers": "2.debian.pool.ntp.org 198.51.100.123",
    "connections": "198.51.100.7:50022 sshd-session;",
    "configured": "",
    "endpoint": "",
}
