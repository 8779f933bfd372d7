"""Hosts as they really are: each oddity of a bare host is found by its own code, before anything is installed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .deployed import Deployed

pytestmark = [pytest.mark.lab]

LAB = {"name": "odd", "network": "10.204.0.0/16", "network_v6": "fd04:204::/48", "workers": 1, "racks": 1}
CLUSTER = {
    "accepted": {"disk-slow": "the hosts of a lab share one disk"},
    "pod_subnet_v6": "fd00:10:244::/56",
    "service_subnet_v6": "fd00:10:96::/112",
}

W_1 = """
echo 'nameserver 10.96.0.53' >/etc/resolv.conf
mkdir -p /etc/chrony /etc/containerd/certs.d/docker.io
echo 'server 10.244.0.123 iburst' >/etc/chrony/chrony.conf
echo 'http_proxy=http://joe:hunter2@10.96.7.7:3128' >>/etc/environment
echo '[host."https://[fd00:10:96::7]:5000"]' >/etc/containerd/certs.d/docker.io/hosts.toml
mount -t tmpfs -o noexec none /opt
mount -t tmpfs -o size=10m none /tmp
ip addr add 10.204.1.200/24 dev eth0
ip route replace 10.204.1.11/32 dev eth0 src 10.204.1.200
"""
W_1_MENDED = """
umount /opt; umount /tmp
echo 'nameserver 10.204.0.1' >/etc/resolv.conf
rm -r /etc/chrony /etc/containerd/certs.d
sed -i /http_proxy/d /etc/environment
ip route del 10.204.1.11/32; ip addr del 10.204.1.200/24 dev eth0
nft add table ip6 odd
nft add chain ip6 odd input '{ type filter hook input priority -5; }'
nft add rule ip6 odd input udp dport 8472 drop
"""
CP_1 = ": >/etc/resolv.conf; sysctl -qw net.ipv6.conf.default.disable_ipv6=1"
CP_1_MENDED = "echo 'nameserver 10.204.0.1' >/etc/resolv.conf; sysctl -qw net.ipv6.conf.default.disable_ipv6=0"


@pytest.fixture(scope="module")
def hosts() -> Iterator[Deployed]:
    """Two hosts with addresses of both families, that nothing was ever deployed to."""
    with Deployed(lab=LAB, cluster=CLUSTER).booted() as deployed:
        yield deployed


def found(hosts: Deployed, **cluster: Any) -> tuple[set[tuple[str, str]], str]:
    """Code and host of each finding, and everything that was printed."""
    run = hosts.underlay("preflight", "--json", **cluster)
    return {(f["code"], host) for f in run.document["findings"] for host in f["hosts"]}, run.text


def test_each_oddity_is_found_by_its_own_code_and_none_where_there_is_none(hosts: Deployed) -> None:
    hosts.ssh("w-1", W_1)
    hosts.ssh("cp-1", CP_1)
    codes, text = found(hosts, control_plane_endpoint="k8s-api.corp.example")
    assert codes - {("disk-slow", "cp-1")} == {
        ("resolver-empty", "cp-1"),
        ("ipv6-disabled", "cp-1"),
        ("endpoint-unresolved", "cp-1"),
        ("endpoint-unresolved", "w-1"),
        ("subnet-hides-address", "w-1"),
        ("file-system-noexec", "w-1"),
        ("tmp-full", "w-1"),
        ("proxy-inside", "w-1"),
        ("source-other", "w-1"),
    }
    for hidden in ("name server of /etc/resolv.conf", "a time server", "/etc/environment", "hosts.toml"):
        assert hidden in text
    assert "hunter2" not in text
    hosts.ssh("w-1", W_1_MENDED)
    hosts.ssh("cp-1", CP_1_MENDED)
    # The hosts are as they were, but that one drops the mode's packets over IPv6.
    codes, text = found(hosts)
    assert {code for code, _ in codes} - {"disk-slow"} == {"lane-silent"}
    assert "over IPv6: udp 8472 (flannel VXLAN) is dropped on the way" in text
