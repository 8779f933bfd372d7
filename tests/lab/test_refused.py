"""Each host that is not fit is reported in one line, and nothing is changed."""

from __future__ import annotations

import pytest

from .deployed import Deployed
from .waiting import listening

pytestmark = [pytest.mark.lab]

CASES = [
    pytest.param(
        f"systemd-run -q --unit taken socat TCP-LISTEN:10250,fork /dev/null; {listening('t', 10250)}",
        "systemctl stop taken",
        "w-1: tcp 10250 is taken by socat (pid ",
        id="a port is taken",
    ),
    pytest.param(
        "mkdir -p /etc/kubernetes; touch /etc/kubernetes/kubelet.conf",
        "rm -r /etc/kubernetes",
        "w-1: is a member of a cluster not managed by Underlay (/etc/kubernetes/kubelet.conf of ",
        id="another cluster is there",
    ),
    pytest.param(
        "mkdir -p /etc/cni/net.d; touch /etc/cni/net.d/05-other.conflist",
        "rm -r /etc/cni",
        "w-1: has a CNI configuration not managed by Underlay (05-other.conflist); remove it from /etc/cni/net.d",
        id="another plugin is there",
    ),
    pytest.param(
        "mkdir -p /var/lib/underlay /etc/kubernetes; echo member other 10.0.0.1:6443 >/var/lib/underlay/member; "
        "echo server: https://10.0.0.1:6443 >/etc/kubernetes/kubelet.conf",
        "rm -r /var/lib/underlay /etc/kubernetes",
        "w-1: is a member of another cluster (other 10.0.0.1:6443); take the host out of the inventory, or, ",
        id="a member of another cluster of ours",
    ),
    pytest.param(
        "mount -t tmpfs -o size=8m full /var/lib",
        "umount -l /var/lib",
        "w-1: too little space in /var/lib (8 MB free); 2048 MB are needed",
        id="a full disk",
    ),
    pytest.param(
        "ip link set eth0 mtu 1400",
        "ip link set eth0 mtu 1500",
        "w-1: link eth0 has MTU 1400, below path_mtu 1500; lower path_mtu or raise the link's",
        id="a smaller MTU",
    ),
    pytest.param(
        "ip route add 10.244.7.0/24 via 10.84.1.1",
        "ip route del 10.244.7.0/24",
        "w-1: pod_subnet 10.244.0.0/16 overlaps the route 10.244.7.0/24 dev eth0; choose another",
        id="a route inside the pod subnet",
    ),
    pytest.param(
        "mv /etc/resolv.conf /etc/resolv.conf.away",
        "mv /etc/resolv.conf.away /etc/resolv.conf",
        "w-1: /etc/resolv.conf is missing or a dangling symlink; create it: without it the kubelet starts no pod",
        id="no resolv.conf",
    ),
]


@pytest.fixture(scope="module")
def hosts(unfit: Deployed) -> Deployed:
    """Two hosts that nothing was ever deployed to."""
    # Boots them.
    assert unfit.underlay("plan").code == 2
    return unfit


@pytest.mark.parametrize(("breakage", "repair", "message"), CASES)
def test_is_refused(hosts: Deployed, breakage: str, repair: str, message: str) -> None:
    hosts.ssh("w-1", breakage)
    try:
        # Stated: what is measured follows the link instead.
        run = hosts.deploy(path_mtu=1500)
    finally:
        hosts.ssh("w-1", repair)
    assert run.code == 1, run.text
    assert message in run.text
    assert "Starting operation: Prepare hosts" not in run.text


def test_two_hosts_with_one_machine_id(hosts: Deployed) -> None:
    theirs, own = hosts.ssh("cp-1", "cat /etc/machine-id").strip(), hosts.ssh("w-1", "cat /etc/machine-id").strip()
    hosts.ssh("w-1", f"echo {theirs} >/etc/machine-id")
    try:
        run = hosts.deploy()
    finally:
        hosts.ssh("w-1", f"echo {own} >/etc/machine-id")
    assert run.code == 1
    assert f"w-1: has the same machine-id as cp-1 ({theirs})" in run.text


def test_nothing_was_touched(hosts: Deployed) -> None:
    left = hosts.ssh(
        "w-1", "ls -d /etc/containerd /opt/cni /usr/local/bin/kubeadm /etc/sysctl.d/99-z-underlay.conf || true"
    )
    assert left == ""
    plan = hosts.underlay("plan", "--json")
    assert plan.code == 2
    assert "binary /usr/local/bin/kubeadm: absent -> 1.37.2" in plan.document["hosts"]["w-1"]
