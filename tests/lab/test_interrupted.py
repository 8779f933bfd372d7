"""A run that is killed, in any phase, is finished by the next."""

from __future__ import annotations

import re
import time

import pytest

from .deployed import Deployed
from .waiting import shell_until, slowness

pytestmark = [pytest.mark.lab]

# Operation, and how many seconds into it the run is killed.
KILLS = [
    ("Query hosts", 0.1),
    ("Prepare hosts", 0.05),
    ("Install container runtime", 1.0),
    ("Install Kubernetes", 1.0),
    ("Initialise control plane", 3.0),
    ("Prepare joins", 0.1),
    ("Join nodes", 1.5),
    ("Install network", 1.0),
]


def test_killed_in_each_phase_and_finished_by_the_next_run(pair: Deployed) -> None:
    for operation, after in KILLS:
        killed = pair.deploy_killed(operation, after=after)
        assert killed.code == -9, killed.text
    run = pair.deploy()
    assert run.code == 0, run.end
    assert pair.report()["verdict"] == "verified"
    again = pair.deploy("--data", "verify=false")
    assert again.changes == "none; at most 1 SSH executions on a host"


# What waits in Flannel's pod; the pattern does not match the shell that looks for it.
WAITING = 'pgrep -f "until .* /[r]un/flannel/subnet.env" >/dev/null'
CONFIGURATION = "/etc/cni/net.d/10-flannel.conflist"
WRITTEN = shell_until(f"[ -e {CONFIGURATION} ]")


def test_a_kubelet_that_restarts_while_flannel_has_no_subnet_yet(pair: Deployed) -> None:
    # No pod of the host reaches the API server, and the kubelet does, which uses another address.
    held = "add table ip held; add chain ip held out { type filter hook output priority raw; }; "
    pair.ssh("w-1", f"nft '{held} add rule ip held out ip daddr 10.96.0.1 tcp dport 443 drop'")
    pair.ssh("w-1", f"rm /run/flannel/subnet.env {CONFIGURATION}")
    pair.kubectl("delete", "pod", "-n", "kube-flannel", "--field-selector", "spec.nodeName=w-1")
    pair.ssh("w-1", f"{shell_until(WAITING)} && systemctl restart kubelet && nft delete table ip held")
    assert pair.ssh("w-1", f"{WRITTEN} && ls {CONFIGURATION}") == f"{CONFIGURATION}\n"


def test_leaves_no_secret_and_no_token(pair: Deployed) -> None:
    assert pair.kubectl("get", "secrets", "-n", "kube-system", "-o", "name").count("bootstrap-token") == 0
    left = pair.ssh("w-1", "ls /var/lib/underlay; cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '")
    assert "kubeadm.yaml" not in left
    assert "discovery.conf" not in left
    assert "--token" not in left
    log = "/var/log/underlay-kubeadm.log"
    assert pair.ssh("cp-1", f"stat -c %a {log}; grep -acE '[a-z0-9]{{6}}[.][a-z0-9]{{16}}' {log} || true") == "600\n0\n"


def test_a_host_that_dies_keeps_nobody_else_from_finishing(
    bystanders: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = bystanders.deploy_without("w-2", "Install Kubernetes")
    assert run.code == 1, run.text
    # Which of its last words is heard depends on which of its processes died first.
    assert re.search(r"^w-2 .* failed: \S", run.text, re.MULTILINE), run.text
    assert bystanders.kubectl("get", "nodes", "-o", "name").split() == ["node/cp-1", "node/w-1"]
    # A verification says so, too, does not wait for ever, and tests what is left.
    began = time.monotonic()
    with monkeypatch.context() as impatient:
        impatient.setenv("UNDERLAY_PATIENCE", "20")
        verified = bystanders.underlay("verify")
    assert verified.code == 1, verified.text
    assert "verify: server pods are ready on 2 nodes" in verified.text
    assert re.search(r"w-2: no answer on port 22|w-2: there is no way to it|w-2.*does not answer", verified.text), (
        verified.text
    )
    assert time.monotonic() - began < 240 * slowness()
    finished = bystanders.deploy()
    assert finished.code == 0, finished.end
    assert len(bystanders.kubectl("get", "nodes", "-o", "name").split()) == 3
