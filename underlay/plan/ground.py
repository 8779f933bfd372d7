"""What a host allows by its file systems, control groups, IPv6 and swap: shell that prints it, and what was printed."""

from __future__ import annotations

from underlay.model.cluster import Cluster

from . import answer_forms
from .probe import Probe

# Where the deploy, containerd or the kubelet writes, and whether it also runs programs there.
PLACES = {
    "/etc": False,
    "/etc/kubernetes": False,
    "/opt/cni/bin": True,
    "/run": False,
    "/tmp": False,  # noqa: S108
    "/usr/local/bin": True,
    "/usr/local/lib": True,
    "/var/lib/containerd": False,
    "/var/lib/etcd": False,
    "/var/lib/kubelet": False,
    "/var/lib/underlay": False,
    "/var/log": False,
}

# The options of the file system that each place is on, or would be.
MOUNTS = """\
u_mounts() {
  u_need awk && u_need readlink || return
  awk -v "asked=$*" -v "real=$(readlink -m "$@" | tr '\\n' ' ')" '
    BEGIN {n = split(asked, name, " "); split(real, path, " ")}
    {for (i = 1; i <= n; i++)
      if (($2 == "/" || path[i] == $2 || index(path[i], $2 "/") == 1) && length($2) >= depth[i]) {
        depth[i] = length($2); options[i] = $4}}
    END {for (i = 1; i <= n; i++) printf "%s %s;", name[i], options[i]}' /proc/self/mounts
}"""

# For all links, and for those that are made later.
IPV6 = """\
u_ipv6() {
  [ -e /proc/sys/net/ipv6/conf/all/disable_ipv6 ] || { printf none; return 0; }
  cat /proc/sys/net/ipv6/conf/all/disable_ipv6 /proc/sys/net/ipv6/conf/default/disable_ipv6 | tr '\\n' ' '
}"""

# What nobody but its owner can switch off; systemd's own ways are a resource's (NoSwap).
SWAPON = """\
u_swapon() {
  set -- /etc/crontab /etc/cron.d /var/spool/cron /etc/udev/rules.d
  [ ! -x /etc/rc.local ] || set -- /etc/rc.local "$@"
  timeout 10 grep -rlsE '^([^#]*[^-#[:alnum:]_.])?swapon([[:space:]]|$)' "$@" | tr '\\n' ' '
}"""

_CONTROLLERS = "[ ! -e /sys/fs/cgroup/cgroup.controllers ] || cat /sys/fs/cgroup/cgroup.controllers"


def ground_probes(cluster: Cluster) -> tuple[Probe, ...]:
    """What preflight asks of these."""
    places = " ".join(PLACES)
    swapon = "u_swapon" if cluster.swap == "off" else ":"
    return (
        Probe("controllers", _CONTROLLERS, "its cgroup controllers", answer_forms.words, may_lack=True),
        Probe("mounts", f"u_mounts {places}", "how its file systems are mounted", answer_forms.mounts, MOUNTS),
        Probe("inodes", "u_ask 10 df --output=itotal,iavail /var/lib", "its free inodes", bool),
        Probe("tmp", "u_ask 10 df -m --output=avail /tmp", "the free space in /tmp", answer_forms.column),
        Probe("ipv6", "u_ipv6", "whether it has IPv6", answer_forms.words, IPV6),
        Probe("swapon", swapon, "what turns swap on", answer_forms.words, SWAPON, may_lack=True, as_root=True),
    )


def mount_options(line: str) -> dict[str, frozenset[str]]:
    """Place -> the options of the file system it is on."""
    found = {}
    for entry in line.split(";"):
        place, _, options = entry.strip().partition(" ")
        if options:
            found[place] = frozenset(options.split(","))
    return found


def free_inodes(line: str) -> int | None:
    """Of the output of `df --output=itotal,iavail`, or None where the file system makes them as needed."""
    numbers = [int(word) for word in line.split() if word.isdecimal()]
    return numbers[1] if len(numbers) == 2 and numbers[0] else None
