"""Facts of a machine, parsed from its kernel's files."""

from __future__ import annotations

from pathlib import Path

from underlay.lab.host.kmodules import built_in
from underlay.lab.system.machine import Hierarchy, parse_hierarchies, withheld_capabilities

HYBRID = """\
24 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 25 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
32 30 0:28 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
33 30 0:29 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,release_agent=/x,name=systemd
34 30 0:30 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate
35 30 0:28 / /mnt/second\\040one rw,relatime - cgroup cgroup rw,memory
"""
UNIFIED = "29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n"


def test_reads_a_hybrid_layout() -> None:
    top = Path("/sys/fs/cgroup")
    assert parse_hierarchies(HYBRID) == (
        Hierarchy(top / "cpu,cpuacct", ("cpu", "cpuacct")),
        Hierarchy(top / "memory", ("memory",)),
        Hierarchy(top / "systemd", ("name=systemd",)),
        Hierarchy(top / "unified", unified=True),
    )


def test_reads_a_unified_layout() -> None:
    assert parse_hierarchies(UNIFIED) == (Hierarchy(Path("/sys/fs/cgroup"), unified=True),)


def test_names_the_capabilities_that_are_withheld() -> None:
    assert withheld_capabilities("Name:\tx\nCapEff:\t000001ffffffffff\n") == []
    assert withheld_capabilities("CapEff:\t000001fffeffffff\n") == []  # CAP_SYS_RESOURCE: done without
    assert withheld_capabilities("CapEff:\t00000000a80425fb\n") == ["CAP_NET_ADMIN", "CAP_SYS_ADMIN"]


def test_lists_what_is_built_in_and_nothing_else() -> None:
    configuration = "CONFIG_OVERLAY_FS=y\nCONFIG_VXLAN=m\n# CONFIG_IP_VS is not set\nCONFIG_IP_VS_RR_X=y\n"
    assert built_in(configuration) == "kernel/fs/overlayfs/overlay.ko\n"
