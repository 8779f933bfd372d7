"""Runs scripts on the bench's hosts, apart from what is measured: over SSH, with the lab's keys."""

from __future__ import annotations

import subprocess

from underlay.lab import ssh as lab_ssh
from underlay.lab.model.topology import Lab

# Every command over SSH is logged, whichever tool sends it.
LOG_EXECUTIONS = """\
echo 'LogLevel VERBOSE' >/etc/ssh/sshd_config.d/bench.conf
systemctl reload ssh
"""


def ssh(lab: Lab, name: str, script: str) -> str:
    """Standard output of a script run on a host; CalledProcessError when it fails."""
    command = lab_ssh.command(lab.name, lab.node(name).address, "sh -s", batch=True)
    return subprocess.run(command, input=script, stdout=subprocess.PIPE, text=True, check=True, timeout=300).stdout


def executions(lab: Lab, name: str) -> int:
    """SSH executions on a host so far, by its SSH server's own log; reading it is one more."""
    return int(ssh(lab, name, "journalctl -q -o cat -t sshd -t sshd-session | grep -c '^Starting session:' || true"))
