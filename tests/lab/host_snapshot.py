"""Everything of a host that a deploy can change, as lines; what is not compared is listed with a reason."""

from __future__ import annotations

import re
from pathlib import Path

from .deployed import Deployed

SCRIPT = Path(__file__).with_name("host_snapshot.sh").read_text()
NOT_COMPARED = (
    (r"sysctl fs/(dentry-state|file-nr|inode-nr|inode-state|quota/syncs|aio-nr) ", "counts of the whole machine"),
    (r"sysctl kernel/(ns_last_pid|pty/nr) ", "counts of processes and terminals"),
    (r"sysctl kernel/random/(uuid|entropy_avail) ", "another value at every reading"),
    (r"sysctl net/netfilter/nf_conntrack_count ", "connections of the host itself, which end with their timeouts"),
    (r"sysctl fs/inotify/", "of this whole machine: the lab sets it for all its hosts"),
    (r"unit network(-online)?\.target ", "targets without a service, reached because a unit of ours wanted them"),
    (
        r"path /var/lib/containerd/",
        "the images are on a lab's disk before a deploy, and the store writes its own files",
    ),
    (r"path /var/(log/journal|lib/logrotate|lib/systemd/timers)/", "the host's own log, which grows, and its rotation"),
    (r"path /var/tmp/systemd-private-", "a service's own directory, which systemd names anew at every boot"),
    (r"process (sshd.*|sh|bash|ps|sort|uniq|awk|sed|tr|find) ", "the snapshot itself"),
)
_NOT_COMPARED = re.compile("|".join(f"(?:{pattern})" for pattern, _ in NOT_COMPARED))


def snapshot(deployed: Deployed, host: str) -> list[str]:
    """One line for each thing; what is not compared is left out."""
    return compared(deployed.ssh(host, SCRIPT))


def compared(text: str) -> list[str]:
    """The lines of a snapshot that are compared."""
    lines = text.splitlines()
    assert len(lines) > 1000, "the snapshot is not whole"
    return sorted(line for line in lines if not _NOT_COMPARED.match(line))


def difference(before: list[str], after: list[str]) -> list[str]:
    """What went, with -, and what came, with +."""
    old, new = set(before), set(after)
    return [*(f"- {line}" for line in before if line not in new), *(f"+ {line}" for line in after if line not in old)]
