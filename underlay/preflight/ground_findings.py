"""Findings about what a host's file systems, control groups, IPv6 and swap allow."""

from __future__ import annotations

from underlay.findings.finding import Problems
from underlay.model.cluster import Cluster
from underlay.plan.ground import PLACES, free_inodes, mount_options
from underlay.plan.host_questions import HostAnswers
from underlay.resources.answer import Absent, Answered, line_of

from .kubeadm_findings import is_ignored

# Those that kubeadm's SystemVerification requires of cgroup v2 and that a kernel can lack.
CONTROLLERS = ("cpu", "cpuset", "memory", "pids")
# Images unpack into so many files and directories; the kubelet evicts pods below 5 % of all.
INODES = 20_000
TMP_MB = 32


def ground_problems(cluster: Cluster, answers: HostAnswers) -> Problems:
    """All of them, as far as the host has answered."""
    match answers["cgroup"], answers["controllers"]:
        case Answered("cgroup2fs"), Answered() | Absent() as controllers:
            yield from controller_problems(cluster, line_of(controllers))
    match answers["mounts"]:
        case Answered(line):
            yield from mount_problems(line)
    match answers["inodes"]:
        case Answered(line):
            yield from inode_problems(line)
    match answers["tmp"]:
        case Answered(line):
            yield from tmp_problems(line)
    match answers["ipv6"]:
        case Answered(line):
            yield from ipv6_problems(cluster, line)
    match answers["swapon"]:
        case Answered(line):
            yield from swap_problems(line)


def controller_problems(cluster: Cluster, line: str) -> Problems:
    """:param line: /sys/fs/cgroup/cgroup.controllers of a host with cgroup v2."""
    missing = [name for name in CONTROLLERS if name not in line.split()]
    if missing and not is_ignored(cluster, "SystemVerification"):
        lacks = f"cgroup v2 without {_listed(missing)}, which the kubelet needs"
        booted = " (boot with cgroup_enable=memory)" if "memory" in missing else ""
        yield "cgroup-controllers", f"{lacks}; enable them in the kernel's command line{booted}"


def mount_problems(line: str) -> Problems:
    """:param line: what u_mounts prints."""
    found = mount_options(line)
    read_only = [place for place, options in found.items() if "ro" in options]
    noexec = [place for place, runs in PLACES.items() if runs and "noexec" in found.get(place, ())]
    if read_only:
        yield "file-system-read-only", f"{_listed(read_only)} cannot be written (ro); mount it read-write"
    if noexec:
        yield "file-system-noexec", f"{_listed(noexec)} is mounted noexec, and programs run there; remount it with exec"
    if "noexec" in found.get("/var/lib/kubelet", ()):
        yield (
            "volumes-noexec",
            "/var/lib/kubelet is mounted noexec, and pods run no program from a volume there; remount it with exec",
        )


def inode_problems(line: str) -> Problems:
    """:param line: `df --output=itotal,iavail /var/lib`."""
    if (free := free_inodes(line)) is not None and free < INODES:
        yield "inodes-few", f"too few inodes in /var/lib ({free} free); images need {INODES}: remove files"


def tmp_problems(line: str) -> Problems:
    """:param line: `df -m --output=avail /tmp`, whose last word is the number."""
    free = int(line.rsplit(maxsplit=1)[-1])
    if free < TMP_MB:
        yield "tmp-full", f"too little space in /tmp ({free} MB free); {TMP_MB} MB are needed: remove files there"


def ipv6_problems(cluster: Cluster, line: str) -> Problems:
    """:param line: what u_ipv6 prints."""
    if 6 not in cluster.families:
        return
    if line == "none":
        yield (
            "ipv6-disabled",
            "the kernel has no IPv6 (ipv6.disable=1); boot without it: the cluster has IPv6 addresses",
        )
    elif "1" in line.split():
        which = "all links" if line.split(maxsplit=1)[0] == "1" else "links that are made later, as pods' are"
        yield (
            "ipv6-disabled",
            f"IPv6 is off for {which} (disable_ipv6), and the cluster has IPv6 addresses; set "
            "net.ipv6.conf.all.disable_ipv6 and net.ipv6.conf.default.disable_ipv6 to 0",
        )


def swap_problems(line: str) -> Problems:
    """:param line: what u_swapon prints."""
    files = _listed(line.split())
    yield "swap-at-boot", f"swap is turned on by {files}, which a deploy leaves as it is; take the line with swapon out"


def _listed(names: list[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
