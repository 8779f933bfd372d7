"""Real Vagrant, and a whole deploy onto the machines that it makes: kernels and systemd of their own, two racks.

Nothing is said of these hosts that would not be said of bare metal: no concession of the lab's.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.deployed import Run

from .vagrant_site import UNDERLAY, VagrantSite, standing

INVENTORY = "inventories/vagrant.py"
pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.geteuid() != 0, reason="making machines needs root"),
    pytest.mark.skipif(
        not (shutil.which("vagrant") and shutil.which("qemu-img") and shutil.which("libvirtd")),
        reason="vagrant, libvirt and qemu are not all installed: tools/install_vagrant.sh",
    ),
]


@pytest.fixture(scope="module")
def site() -> Iterator[VagrantSite]:
    """A control plane on Debian 13 and a worker on Debian 12, a rack for each, and the router between."""
    # The API server alone takes more than a kubeadm's minimum where each instruction is emulated.
    with standing(workers=None, racks=None, control_planes=None, machines=MACHINES) as site:
        up = site.run("nice", "vagrant", "up", "--no-parallel")
        assert up.code == 0, up.end
        yield site


MACHINES = [
    {"name": "cp-1", "role": "control_plane", "rack": 1, "address": "192.168.56.11", "memory_mb": 2560},
    {"name": "w-1", "role": "worker", "rack": 2, "address": "192.168.57.21", "cpus": 1, "box": "underlay/bookworm"},
]


@pytest.fixture(scope="module")
def deployed(site: VagrantSite) -> Run:
    ran = site.run("nice", UNDERLAY, "deploy", INVENTORY)
    assert ran.code == 0, ran.end
    return ran


def test_racks_are_segments_with_a_router_between(site: VagrantSite) -> None:
    assert "via 192.168.57.254" in site.ssh("w-1", "ip route get 192.168.56.11")
    assert "ttl=63" in site.ssh("w-1", "ping -c 1 -W 30 192.168.56.11")


def test_a_deploy_ends_verified(deployed: Run) -> None:
    assert "; verified by " in deployed.text


def test_hosts_are_what_the_lab_cannot_be(site: VagrantSite, deployed: Run) -> None:
    """Control groups by version 2 and systemd, modules that were loaded, and a packet filter of the kernel's own."""
    found = site.ssh(
        "w-1",
        "stat -fc %T /sys/fs/cgroup; lsmod | grep -cw -e vxlan -e br_netfilter; "
        "sudo systemctl show -P ControlGroup kubelet containerd; ls -d /sys/fs/cgroup/kubepods.slice",
    )
    assert found.split() == [
        "cgroup2fs",
        "2",
        "/system.slice/kubelet.service",
        "/system.slice/containerd.service",
        "/sys/fs/cgroup/kubepods.slice",
    ]


def test_a_second_deploy_changes_nothing(site: VagrantSite, deployed: Run) -> None:
    again = site.run("nice", UNDERLAY, "deploy", INVENTORY)
    assert again.code == 0, again.end
    assert again.changes.startswith("none;")


def test_destroy_leaves_nothing(site: VagrantSite, deployed: Run) -> None:
    assert (site.project / ".underlay/vagrant/kubeconfig").exists()
    assert site.run("vagrant", "destroy", "--force").code == 0
    assert site.virsh("list", "--all") == []
    assert [name for name in site.virsh("net-list", "--all") if name.startswith("vagrant-rack")] == []
    assert [path for path in (site.project / ".vagrant/machines").rglob("*") if path.is_file()] == []
    assert not (site.project / ".underlay/vagrant").exists()
    assert emulators() == []


def emulators() -> list[str]:
    """Emulators that run for machines of Vagrant's."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if command.startswith("/usr/bin/qemu-system") and "guest=site_" in command:
            found.append(command)
    return found
